"""A sandbox looks like the original and holds nothing of it that is personal."""

from __future__ import annotations

import pytest

from apps.accounts.models import UserSession
from apps.gateway.models import ApiKey
from apps.jobs.task import run_now
from apps.media.services import blobs
from apps.roblox.models import Artifact, Environment, Experience, Release
from apps.scim.models import ScimToken
from apps.sso.models import Connection
from apps.tenants.models import Tenant
from apps.transfers.services import clones, packing, rows
from apps.webhooks.models import Endpoint
from tests.factories.gateway import make_key
from tests.factories.scim import scim_token
from tests.factories.tenants import make_role
from tests.factories.transfers import PLACE_ID
from tests.factories.webhooks import make_endpoint

pytestmark = pytest.mark.django_db


def clone(tenant, slug, **wishes):
    record, run = clones.plan_now(tenant=tenant, slug=slug, **wishes)
    run_now(run)
    record.refresh_from_db()
    assert record.problem == ""
    return Tenant.objects.get(slug=slug)


def everything(tenant, folder):
    """All of a workspace's rows as one text."""
    folder.mkdir()
    contents = packing.take(tenant=tenant, folder=folder, with_secrets=True)
    lines = [
        line for part in contents.tables for line in rows._lines(tenant.schema_name, part.table)
    ]
    return b"".join(lines).decode()


def test_nothing_personal_is_left(filled, tmp_path):
    original = everything(filled, tmp_path / "a")
    copy = everything(clone(filled, "sandbox-a"), tmp_path / "b")
    words = ("Volcano", "Tomás", "olivia@alpha", "volcano", "Kinder", "Wörk", str(PLACE_ID))
    for word in words:
        assert word in original
        assert word not in copy


def test_it_looks_alike(filled):
    with clone(filled, "sandbox-a"):
        name, notes = Experience.objects.get().name, Release.objects.get().notes
    assert [len(part) for part in name.split()] == [7, 3, 1, 5]
    assert notes.count("\n") == 1
    assert notes.endswith(".")


def test_one_person_is_one_person_everywhere(filled):
    with clone(filled, "sandbox-a"):
        experience, release = Experience.objects.get(), Release.objects.get()
    assert experience.created_by_id == release.created_by_id
    assert experience.created_by_label == release.created_by_label
    assert experience.created_by_label.endswith(("example.org", "example.com", "example.net"))


def test_the_same_seed_makes_the_same(filled, owner):
    names = []
    for slug, seed in (("one", "7"), ("two", "7"), ("three", "8")):
        with clone(filled, f"sandbox-{slug}", seed=seed):
            names.append(Experience.objects.get().slug)
    assert names[0] == names[1] != names[2]


def test_it_is_marked_and_its_keys_are_gone(filled):
    sandbox = clone(filled, "sandbox-a")
    assert sandbox.sandbox_of == "alpha"
    with sandbox:
        staging = Environment.objects.get()
        assert (staging.api_key, staging.key_state) == ("", "missing")


def test_stored_files_are_its_own(filled):
    with clone(filled, "sandbox-a"):
        blob = Artifact.objects.get().blob
        assert blob.storage_name.startswith("w_sandbox_a/")
        assert blobs.read(blob=blob) == b"place of alpha"


def test_owners_come_along_and_nobody_else_and_so_do_roles(filled, owner):
    make_role(filled, "audit.view")
    made = clone(filled, "sandbox-a")
    assert list(made.memberships.values_list("user__email", "role")) == [(owner.email, "owner")]
    assert made.custom_roles.get().granted == {"audit.view", "workspace.view"}


def test_a_longer_address_fits_where_the_true_one_was(filled):
    with filled:
        Artifact.objects.update(filename="a" * 188 + " a@b.cd.rbxl")
    with clone(filled, "sandbox-a"):
        assert len(Artifact.objects.get().filename) == 200


def test_it_calls_nobody_and_opens_to_nobody(filled, owner):
    """What calls out, and what lets in, stays behind."""
    make_endpoint(filled, "http://127.0.0.1:1/hook")
    make_key(filled)
    scim_token(filled)
    Connection.objects.create(
        tenant=filled, name="x", issuer="https://x.example", client_id="x", client_secret="x"
    )
    copy = clone(filled, "sandbox-a")
    assert not ApiKey.objects.filter(tenant=copy).exists()
    for model in (Endpoint, ScimToken, Connection):
        assert not model.objects.filter(tenant=copy).exists()
    assert not UserSession.objects.filter(schema_name=copy.schema_name).exists()
