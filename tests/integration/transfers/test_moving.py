"""Out of one workspace and into another of the same installation."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.media.models import Blob
from apps.media.services import blobs
from apps.roblox.models import Deployment, Environment, Experience, Release
from apps.tenants.models import Invitation, Tenant
from apps.tenants.services import configuration
from apps.transfers.format import keys
from apps.transfers.services import rows
from apps.usage.services import plan_changes
from tests.factories.tenants import invite, make_member, make_role
from tests.factories.transfers import KEY, export_file, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved(exported):
    record = take_in(exported, slug="gamma")
    assert record.problem == ""
    return Tenant.objects.get(slug="gamma")


def hashes(tenant):
    return {
        t.label: rows.tally(schema_name=tenant.schema_name, table=t).hash
        for t in rows.tables(schema_name=tenant.schema_name)
    }


def test_rows_arrive(moved):
    with moved:
        assert Experience.objects.get().name == "Volcano\tLab \\ Tomás"
        assert Release.objects.get().artifact.tree == [{"name": "Wörk\nspace"}]


def test_nothing_of_the_source_changes(filled, tmp_path):
    before = hashes(filled)
    take_in(export_file(filled, tmp_path / "a.tar"), slug="gamma")
    assert hashes(filled) == before


def test_stored_files_arrive_under_the_new_workspaces_path(moved):
    with moved:
        blob = Blob.objects.get()
        assert blob.storage_name.startswith("w_gamma/blobs/")
        assert blobs.read(blob=blob) == b"place of alpha"


def test_members_come_along(moved):
    people = moved.memberships.order_by("role").values_list("user__email", "role")
    assert list(people) == [("olivia@alpha.example", "owner"), ("tom@alpha.example", "teacher")]


def test_the_audit_chain_goes_on_under_the_new_name(moved):
    assert list(audit.broken(schema_name="w_gamma")) == []
    last = audit.AuditEntry.objects.filter(schema_name="w_gamma").first()
    assert last.action == "workspace.imported"


def test_what_was_under_way_has_ended(moved):
    with moved:
        deployment = Deployment.objects.get()
        assert (deployment.state, deployment.run_id) == ("failed", None)


def test_numbers_go_on_after_those_that_arrived(moved):
    with moved:
        deployment = Deployment.objects.get()
        step = deployment.steps.create(position=2, name="publish", title="Publish")
        assert step.pk > deployment.steps.get(position=1).pk


def test_keys_stay_out_of_a_file_that_anybody_can_read(exported, moved):
    assert KEY.encode() not in exported.read_bytes()
    with moved:
        staging = Environment.objects.get()
        assert (staging.api_key, staging.key_state) == ("", "missing")


def test_keys_come_along_in_an_encrypted_file(filled, tmp_path):
    public, private = keys.make_opener()
    path = export_file(filled, tmp_path / "a.sealed", encrypt_to=public)
    record = take_in(path, slug="gamma", opener=private)
    with Tenant.objects.get(slug="gamma"):
        assert Environment.objects.get().api_key == KEY
    assert record.opener == ""


def test_what_is_left_to_do_is_said(exported):
    record = take_in(exported, slug="gamma")
    assert any("Open Cloud key" in sentence for sentence in record.to_do)


def test_what_operators_elsewhere_allowed_is_to_be_looked_at(filled, tmp_path):
    plan_changes.change(tenant=filled, plan="school", by=None)
    configuration.change(tenant=filled, by=None, limits={"members": 7000}, reason="A large year")
    record = take_in(export_file(filled, tmp_path / "alpha.tar"), slug="gamma")
    assert "the plan School, 7,000 as limit on members." in " ".join(record.to_do)


def test_without_stored_files(filled, tmp_path):
    take_in(export_file(filled, tmp_path / "a.tar", with_media=False), slug="gamma")
    with Tenant.objects.get(slug="gamma"):
        assert not default_storage.exists(Blob.objects.get().storage_name)


@pytest.mark.parametrize("is_staff", [False, True])
def test_an_inviter_who_is_unknown_here_is_left_out(filled, tmp_path, is_staff):
    gone = User.objects.create_user("gone@alpha.example", None, name="Gone", is_staff=is_staff)
    Invitation.objects.create(
        tenant=filled, email="new@alpha.example", role="teacher", token_hash="0" * 64,
        invited_by=gone,
    )  # fmt: skip
    path = export_file(filled, tmp_path / "alpha.tar")
    gone.delete()
    assert take_in(path, slug="gamma").problem == ""
    assert Invitation.objects.get(tenant__slug="gamma").invited_by is None


def test_roles_of_its_own_come_along_with_their_people(filled, tmp_path):
    role = make_role(filled, "audit.view")
    person = make_member(filled, role)
    owner = filled.memberships.get(role="owner").user
    invite(filled, owner, role=role.key)
    record = take_in(export_file(filled, tmp_path / "a.tar"), slug="gamma")
    assert record.problem == ""
    arrived = Tenant.objects.get(slug="gamma")
    theirs = arrived.custom_roles.get()
    assert (theirs.pk != role.pk, theirs.key, theirs.permissions) == (
        True, "release-manager", role.permissions,
    )  # fmt: skip
    assert arrived.memberships.get(user=person).custom_role == theirs
    assert arrived.invitations.get().custom_role == theirs
