"""An export of yesterday's code in today's."""

from __future__ import annotations

import io

import pytest
from django.db import connection

from apps.media.models import Blob
from apps.roblox.models import Release
from apps.tenants.models import Tenant
from apps.transfers.format import archive, copy_text
from apps.transfers.format.tallies import Tally
from apps.transfers.services import imports
from tests.factories.transfers import take_in
from tests.integration.transfers.test_refusals import forge

pytestmark = pytest.mark.django_db
NEW_COLUMN = ["media", "0002_blob_scan_detail"]


def without_new_column(manifest, members):
    """As it was written before `media_blob.scan_detail` was added."""
    manifest["schema"]["migrations"].remove(NEW_COLUMN)
    about = next(t for t in manifest["tables"] if t["table"] == "media_blob")
    place = about["columns"].index("scan_detail")
    tally, packed = Tally(), io.BytesIO()
    with archive.compress(packed) as writer:
        text = b"".join(archive.decompress(io.BytesIO(members[about["member"]])))
        for line in text.splitlines():
            values = copy_text.parse(line)
            del values[place]
            writer.write(copy_text.render(values) + b"\n")
            tally.feed(copy_text.render(values) + b"\n")
    members[about["member"]] = packed.getvalue()
    about["columns"].remove("scan_detail")
    about["hash"] = tally.hash


@pytest.fixture
def older(exported):
    return forge(exported, without_new_column)


def test_its_rows_go_through_the_migrations_they_lack(older):
    record = take_in(older, slug="gamma")
    assert record.problem == ""
    with Tenant.objects.get(slug="gamma"):
        assert Blob.objects.get().scan_detail == ""
        assert Release.objects.get().version == "1.0.0"


def test_it_is_said_beforehand(older):
    assert imports.inspect(source=older).lacking == 1


def test_no_scratch_schema_is_left(older):
    take_in(older, slug="gamma")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'scratch%'")
        assert cursor.fetchone() == (0,)


def test_its_hashes_are_checked_at_its_own_time(exported):
    def change(manifest, members):
        without_new_column(manifest, members)
        next(t for t in manifest["tables"] if t["table"] == "media_blob")["hash"] = "0" * 64

    record = take_in(forge(exported, change), slug="gamma")
    assert "media.blob" in record.problem
    assert not Tenant.objects.filter(slug="gamma").exists()
