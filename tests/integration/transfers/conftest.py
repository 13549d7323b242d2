from __future__ import annotations

import pytest

from tests.factories.transfers import export_file, fill


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    """Stored files and work folders of this test alone."""
    local = settings.STORAGES["default"]
    options = {**local["OPTIONS"], "location": tmp_path / "media"}
    settings.STORAGES = {**settings.STORAGES, "default": {**local, "OPTIONS": options}}
    settings.TRANSFERS_DIR = tmp_path / "transfers"


@pytest.fixture
def filled(alpha, owner, teacher):
    """Alpha with an experience, a release, a stored file and two members."""
    fill(alpha, owner)
    return alpha


@pytest.fixture
def exported(filled, tmp_path):
    """Alpha as a file."""
    return export_file(filled, tmp_path / "alpha.tar")
