from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from apps.media.models import Blob
from apps.media.services import blobs


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


def test_the_same_bytes_are_kept_once(in_alpha):
    first = blobs.store(content=b"place")
    assert blobs.store(content=b"place") == first
    assert Blob.objects.count() == 1
    assert blobs.read(blob=first) == b"place"


def test_files_lie_in_their_workspaces_own_folder(in_alpha):
    assert blobs.store(content=b"place").storage_name.startswith("w_alpha/")


def test_a_changed_file_is_not_handed_out(in_alpha):
    blob = blobs.store(content=b"place")
    with default_storage.open(blob.storage_name, "wb") as file:
        file.write(b"other")
    with pytest.raises(blobs.BlobDamaged, match="changed"):
        blobs.read(blob=blob)


def test_a_missing_file_says_so(in_alpha):
    blob = blobs.store(content=b"place")
    default_storage.delete(blob.storage_name)
    with pytest.raises(blobs.BlobDamaged, match="missing"):
        blobs.read(blob=blob)


def test_a_file_cut_short_is_written_again(in_alpha):
    blob = blobs.store(content=b"place")
    with default_storage.open(blob.storage_name, "wb") as file:
        file.write(b"pl")
    assert blobs.read(blob=blobs.store(content=b"place")) == b"place"
