"""What an export has to do twice, and what not; one moment for all rows."""

from __future__ import annotations

import tarfile

import pytest
from django.core.files.storage import FileSystemStorage, default_storage

from apps.jobs.models import JobRun
from apps.jobs.services import leases, outcomes, runs
from apps.jobs.task import run_now
from apps.media.models import Blob
from apps.media.services import blobs
from apps.roblox.models import Experience
from apps.tenants.models import Tenant
from apps.tenants.signals import workspace_purging
from apps.transfers.services import exports, packing, rows
from tests.fixtures import database


@pytest.mark.django_db
class TestAWorkerThatDied:
    @pytest.fixture
    def started(self, filled, owner):
        """An export whose first worker was lost after it had fetched the stored files."""
        with filled:
            blobs.store(content=b"another file")
        export = exports.start(tenant=filled, by=owner)
        run = runs.claim(run_id=str(export.run_id))
        folder = exports._folder(export)
        folder.mkdir(parents=True)
        contents = packing.take(tenant=filled, folder=folder, with_secrets=False)
        for stored in contents.stored:
            packing._fetch(stored, folder / stored.member)
        JobRun.objects.filter(pk=run.pk).update(heartbeat_at="2026-01-01T00:00:00Z")
        outcomes.rescue()
        return export

    def test_left_files_that_are_not_fetched_again(self, started, monkeypatch):
        def refuse(*_):
            raise NotImplementedError

        monkeypatch.setattr(FileSystemStorage, "path", refuse, raising=True)
        monkeypatch.setattr(packing, "_fetch", lambda *_: pytest.fail("fetched again"))
        contents = packing.take(
            tenant=started.tenant, folder=exports._folder(started), with_secrets=False
        )
        sources = [packing._near(each, exports._folder(started)) for each in contents.stored]
        assert len(sources) == 2

    def test_is_followed_by_one_that_takes_the_rows_anew(self, started, filled):
        with filled:
            Experience.objects.update(name="Renamed meanwhile")
        run_now(JobRun.objects.get(pk=started.run_id))
        started.refresh_from_db()
        assert (started.state, started.files) == ("ready", 2)
        assert not exports._folder(started).exists()

    def test_leaves_nothing_of_a_workspace_that_goes(self, started, filled):
        workspace_purging.send(sender=Tenant, schema_name=filled.schema_name)
        assert not exports._folder(started).exists()

    def test_stops_when_it_wakes_up(self, started):
        lost = leases.Lease()
        lost.is_lost = True
        token = leases._present.set(lost)
        with pytest.raises(runs.Outrun):
            exports.carry_out(export_id=str(started.pk), run=JobRun.objects.get(pk=started.run_id))
        leases._present.reset(token)
        started.refresh_from_db()
        assert started.state == "running"


@pytest.mark.django_db(transaction=True)
def test_all_rows_are_of_one_moment(filled, settings):
    name = settings.DATABASES["default"]["NAME"]
    with rows.snapshot():
        before = rows.tables(schema_name=filled.schema_name)
        experiences = next(t for t in before if t.label == "roblox.experience")
        assert rows.tally(schema_name=filled.schema_name, table=experiences).rows == 1
        with database._server(name) as other:
            other.execute("DELETE FROM w_alpha.roblox_deploymentstep")
        steps = next(t for t in before if t.label == "roblox.deploymentstep")
        assert rows.tally(schema_name=filled.schema_name, table=steps).rows == 1


@pytest.mark.django_db
def test_a_file_appears_under_its_name_when_it_is_whole(filled, tmp_path):
    with filled:
        default_storage.delete(Blob.objects.get().storage_name)
    with pytest.raises(blobs.BlobDamaged):
        exports.write_now(tenant=filled, path=tmp_path / "a.tar", by=None)
    assert not (tmp_path / "a.tar").exists()


@pytest.mark.django_db
def test_an_export_without_stored_files_needs_none(filled, tmp_path):
    with filled:
        default_storage.delete(Blob.objects.get().storage_name)
    exports.write_now(tenant=filled, path=tmp_path / "a.tar", by=None, with_media=False)
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert not [name for name in tar.getnames() if name.startswith("media/")]
