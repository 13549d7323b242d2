"""An import is whole or it is not there."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from apps.accounts.models import User
from apps.fleet.models import Schema
from apps.jobs.services import outcomes, runs
from apps.media.models import Blob
from apps.roblox.models import DeploymentStep
from apps.tenants.errors import SlugTaken
from apps.tenants.models import Tenant
from apps.transfers.errors import (
    ExportDamaged,
    ExportNewer,
    ExportSealed,
    ExportUntrusted,
    ImportUnderWay,
)
from apps.transfers.format import archive, keys
from apps.transfers.models import Import, SigningKey
from apps.transfers.services import imports, installation
from tests.factories.transfers import export_file, take_in

pytestmark = pytest.mark.django_db


def forge(path, change, key=None):
    """The same file with its manifest changed and signed again, as only its maker could."""
    members = {}
    with tarfile.open(path) as tar:
        for entry in tar:
            members[entry.name] = tar.extractfile(entry).read()
    head = json.loads(members[archive.HEAD])
    manifest = json.loads(members[archive.MANIFEST])
    change(manifest, members)
    forged = path.with_name("forged.tar")
    with forged.open("wb") as target, archive.Writer(target, head) as writer:
        for name, content in members.items():
            if name not in {archive.HEAD, archive.MANIFEST, archive.SIGNATURE}:
                writer.add(name, io.BytesIO(content), len(content))
        writer.finish(manifest, key or installation.signing_key())
    return forged


def traces():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'w_gamma'")
        spaces = cursor.fetchone()[0]
    return (
        spaces,
        Tenant.objects.filter(slug="gamma").count(),
        Schema.objects.filter(name="w_gamma").count(),
        default_storage.exists("w_gamma/blobs"),
    )


NOTHING = (0, 0, 0, False)


def wrong_hash(model):
    def change(manifest, _members):
        for table in [*manifest["tables"], *manifest["shared"]]:
            if table["model"] == model:
                table["hash"] = "0" * 64

    return change


@pytest.mark.parametrize("model", ["roblox.release", "tenants.membership", "audit.auditentry"])
def test_one_wrong_hash_refuses_everything(exported, model):
    record = take_in(forge(exported, wrong_hash(model)), slug="gamma")
    assert record.state == "failed"
    assert model in record.problem
    assert traces() == NOTHING


def test_people_are_not_made_by_a_refused_import(exported):
    def change(manifest, _members):
        manifest["people"][0]["email"] = "stranger@elsewhere.example"
        wrong_hash("roblox.release")(manifest, _members)

    take_in(forge(exported, change), slug="gamma")
    assert not User.objects.filter(email="stranger@elsewhere.example").exists()


def test_rows_of_public_tables_are_not_taken(exported):
    def change(manifest, _members):
        manifest["tables"][0] |= {"table": "accounts_user", "columns": ["email"]}

    assert "accounts_user" in take_in(forge(exported, change), slug="gamma").problem
    assert traces() == NOTHING


@pytest.mark.parametrize(
    ("column", "value"), [("kind", "palace"), ("accent", "red;}"), ("configuration", ["x"])]
)
def test_a_workspace_that_could_not_be_one_here_is_refused(exported, column, value):
    forged = forge(exported, lambda manifest, _: manifest["workspace"].update({column: value}))
    assert "The workspace's" in take_in(forged, slug="gamma").problem
    assert traces() == NOTHING


def test_a_number_beyond_reason_is_refused(filled, tmp_path):
    with filled:
        DeploymentStep.objects.update(id=10**18)
    file = export_file(filled, tmp_path / "alpha.tar")
    assert "numbered up to" in take_in(file, slug="gamma").problem


def test_people_without_names_are_refused(exported):
    forged = forge(exported, lambda manifest, _: manifest.update(people=[{"id": 3}]))
    assert "list of people" in take_in(forged, slug="gamma").problem


@pytest.mark.parametrize("path", ["w_beta/blobs/aa/x", "w_alpha/../w_beta/blobs/aa/x"])
def test_a_path_into_another_workspace_is_refused(filled, tmp_path, path):
    with filled:
        Blob.objects.update(storage_name=path)
    file = export_file(filled, tmp_path / "alpha.tar", with_media=False)
    assert "leads out of the workspace" in take_in(file, slug="gamma").problem
    assert traces() == NOTHING


def test_rows_that_are_listed_and_not_there_are_missed(exported):
    def change(manifest, members):
        del members[manifest["tables"][0]["member"]]

    with pytest.raises(ExportDamaged, match="does not hold"):
        imports.inspect(source=forge(exported, change))


@pytest.mark.parametrize("part", ["workspace", "people", "schema"])
def test_a_list_of_contents_without_a_part_is_refused(exported, part):
    with pytest.raises(ExportDamaged, match=part):
        imports.inspect(source=forge(exported, lambda manifest, _: manifest.pop(part)))


def test_a_broken_audit_chain_is_refused(exported):
    def change(_manifest, members):
        name = "shared/audit.auditentry.jsonl.zst"
        text = b"".join(archive.decompress(io.BytesIO(members[name])))
        packed = io.BytesIO()
        with archive.compress(packed) as writer:
            writer.write(text.replace(b"export.written", b"export.nothing"))
        members[name] = packed.getvalue()

    path = export_file(Tenant.objects.get(slug="alpha"), exported.with_name("again.tar"))
    assert "audit chain" in take_in(forge(path, change), slug="gamma").problem


def test_a_changed_byte_is_noticed_in_every_part(exported):
    content = exported.read_bytes()
    with tarfile.open(exported) as tar:
        places = [entry.offset_data + entry.size // 2 for entry in tar]
    for place in places:
        exported.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ExportDamaged):
            imports.inspect(source=exported)


def test_a_short_file_is_noticed(exported):
    content = exported.read_bytes()
    for size in range(0, len(content) - 10240, 3001):
        exported.write_bytes(content[:size])
        with pytest.raises(ExportDamaged):
            imports.inspect(source=exported)


def test_a_strange_signer_is_asked_about(exported):
    SigningKey.objects.all().delete()
    with pytest.raises(ExportUntrusted):
        take_in(exported, slug="gamma")


def test_a_signer_can_be_trusted_once_or_for_good(exported):
    ours = installation.public_key()
    SigningKey.objects.all().delete()
    assert take_in(exported, slug="gamma", trust=ours).state == "done"
    installation.trust(public=ours, name="Their installation", by=None)
    assert take_in(exported, slug="delta").state == "done"


def test_an_export_of_newer_code_is_refused(exported):
    def change(manifest, _members):
        manifest["schema"]["migrations"].append(["roblox", "0999_of_tomorrow"])

    with pytest.raises(ExportNewer, match="0999_of_tomorrow"):
        take_in(forge(exported, change), slug="gamma")


def test_a_later_format_is_refused(exported, monkeypatch, tmp_path):
    monkeypatch.setattr(archive, "FORMAT", 2)
    later = export_file(Tenant.objects.get(slug="alpha"), tmp_path / "later.tar")
    monkeypatch.setattr(archive, "FORMAT", 1)
    with pytest.raises(ExportNewer, match="format 2"):
        imports.inspect(source=later)


def test_an_encrypted_file_wants_its_key(filled, tmp_path):
    path = export_file(filled, tmp_path / "sealed", encrypt_to=keys.make_opener()[0])
    for opener in ("", keys.make_opener()[1]):
        with pytest.raises(ExportSealed):
            take_in(path, slug="gamma", opener=opener)


def test_an_address_in_use_is_refused(exported):
    with pytest.raises(SlugTaken, match="--slug"):
        take_in(exported)


def test_looking_changes_nothing(exported):
    found = imports.inspect(source=exported)
    assert (found.is_trusted, found.lacking, Import.objects.count()) == (True, 0, 0)
    assert "taken" in found.problem


class TestACommandThatWasKilled:
    @pytest.fixture
    def killed(self, exported):
        """An import whose process is gone, with files already written."""
        _, run = imports.plan_now(source=exported, slug="gamma")
        assert runs.claim(run_id=str(run.pk))
        default_storage.save("w_gamma/blobs/aa/half", io.BytesIO(b"half"))
        return run

    def test_is_waited_for_while_it_may_live(self, killed, exported):
        with pytest.raises(ImportUnderWay, match="seconds"):
            take_in(exported, slug="gamma")

    def test_makes_way_for_the_next(self, killed, exported, django_capture_on_commit_callbacks):
        type(killed).objects.filter(pk=killed.pk).update(heartbeat_at="2026-01-01T00:00:00Z")
        with django_capture_on_commit_callbacks(execute=True):
            assert take_in(exported, slug="gamma").state == "done"

    def test_is_cleared_away_by_the_rescue(self, killed, django_capture_on_commit_callbacks):
        type(killed).objects.filter(pk=killed.pk).update(heartbeat_at="2026-01-01T00:00:00Z")
        with django_capture_on_commit_callbacks(execute=True):
            outcomes.rescue()
        assert Import.objects.get().state == "failed"
        assert traces() == NOTHING
