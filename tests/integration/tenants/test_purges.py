"""Removing a closed workspace for good, also after a crash anywhere on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.gateway.models import ApiKey
from apps.jobs.models import JobRun
from apps.jobs.services import outcomes
from apps.media.services import blobs
from apps.tenants import tasks
from apps.tenants.errors import NotInThisState, SlugTaken, StillWorking
from apps.tenants.models import Departure, Membership, Tenant
from apps.tenants.services import addresses, lifecycle, purges, tenants
from tests.factories.gateway import make_key
from tests.factories.jobs import work_off

STEPS = ["_rest", "_forget_cache", "_end_sessions", "_finish"]


@pytest.fixture
def over(alpha, owner):
    """Alpha, whose grace time is over."""
    closed = lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner, reason="Moved away")
    Tenant.objects.filter(pk=alpha.pk).update(purge_at=timezone.now())
    closed.refresh_from_db()
    return closed


def schema_exists(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        return cursor.fetchone() is not None


def test_nothing_of_it_is_left(over, settings, tmp_path, own_redis, browse, owner):
    settings.STORAGES["default"]["OPTIONS"]["location"] = tmp_path
    make_key(over)
    browse(owner)
    with over:
        blob = blobs.store(content=b"a place")
        caches["workspace"].set("key", "value")
    assert purges.carry_out(tenant_id=over.pk)
    assert not schema_exists("w_alpha")
    assert not default_storage.exists(blob.storage_name)
    assert not Tenant.objects.filter(slug="alpha").exists()
    assert not Membership.objects.filter(tenant_id=over.pk).exists()
    assert not ApiKey.objects.filter(tenant_id=over.pk).exists()
    assert not Session.objects.exists()
    with over:
        assert caches["workspace"].get("key") is None


def test_what_was_done_stays_on_record(over):
    purges.carry_out(tenant_id=over.pk)
    actions = AuditEntry.objects.filter(schema_name="w_alpha").values_list("action", flat=True)
    assert set(actions) >= {"workspace.deletion_asked", "workspace.deleted"}
    gone = Departure.objects.get(pk="w_alpha")
    assert (gone.slug, gone.reason, gone.asked_by) == (
        "alpha",
        "Moved away",
        "olivia@alpha.example",
    )
    assert gone.finished_at


def test_its_neighbours_stay(over, beta, outsider):
    with beta:
        blobs.store(content=b"theirs")
    purges.carry_out(tenant_id=over.pk)
    assert schema_exists("w_beta")
    assert beta.memberships.get().user == outsider


def test_nobody_gets_its_schemas_name_or_soon_its_address(over, outsider):
    purges.carry_out(tenant_id=over.pk)
    with pytest.raises(SlugTaken, match="kept back"):
        tenants.create(name="Alpha", slug="alpha", kind="school", by=outsider)
    Departure.objects.update(address_free_at=timezone.now())
    again = tenants.create(name="Alpha", slug="alpha", kind="school", by=outsider)
    assert again.schema_name == "w_alpha_2"


def test_nobody_gets_the_addresses_it_had_before(alpha, owner, outsider, settings):
    moved = addresses.rename(tenant=alpha, slug="omega", by=owner)
    closed = lifecycle.delete(tenant=moved, confirmation="omega", by=None, grace_days=0)
    purges.carry_out(tenant_id=closed.pk)
    with pytest.raises(SlugTaken, match="kept back"):
        tenants.create(name="Alpha", slug="alpha", kind="school", by=outsider)
    settings.TENANT_FORMER_ADDRESS_DAYS = 0
    assert tenants.slug_problem(slug="alpha") is None


def test_its_owners_hear_of_the_end(over, owner, mailoutbox):
    purges.carry_out(tenant_id=over.pk)
    work_off()
    assert [mail.to[0] for mail in mailoutbox if "has been deleted" in mail.subject] == [
        owner.email
    ]


def test_it_waits_for_its_time(alpha, owner):
    lifecycle.delete(tenant=alpha, confirmation="alpha", by=owner)
    with pytest.raises(NotInThisState):
        purges.carry_out(tenant_id=alpha.pk)
    assert schema_exists("w_alpha")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_anywhere_is_finished_by_the_next(over, owner, monkeypatch, step):
    def die(*_):
        raise KeyboardInterrupt  # what nothing on the way catches

    with monkeypatch.context() as patch:
        patch.setattr(purges, step, die)
        with pytest.raises(KeyboardInterrupt):
            purges.carry_out(tenant_id=over.pk)
    with pytest.raises(NotInThisState):  # begun is begun
        lifecycle.keep(tenant=over, by=owner)
    assert purges.carry_out(tenant_id=over.pk)
    assert not Tenant.objects.filter(pk=over.pk).exists()
    assert AuditEntry.objects.filter(action="workspace.deleted").count() == 1


def test_removing_twice_is_removing_once(over):
    assert [purges.carry_out(tenant_id=over.pk) for _ in range(2)] == [True, False]


def test_running_jobs_are_waited_for_and_others_called_off(over):
    waiting = JobRun.objects.create(name="roblox.deploy", schema_name="w_alpha")
    running = JobRun.objects.create(
        name="roblox.deploy", schema_name="w_alpha", state="running", attempts=1,
        heartbeat_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(StillWorking):
        purges.carry_out(tenant_id=over.pk)
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    outcomes.succeed(run=running)
    assert purges.carry_out(tenant_id=over.pk)


def test_the_schedule_finds_what_is_due(over, beta):
    lifecycle.delete(tenant=beta, confirmation="beta", by=None)
    assert tasks.purge() == 1
    assert tasks.purge() == 0, "the job is under way already"
    work_off()
    assert not Tenant.objects.filter(pk=over.pk).exists()
    assert Tenant.objects.get(pk=beta.pk).state == "deleting"


def test_an_interrupted_removal_is_due_again(over):
    Tenant.objects.filter(pk=over.pk).update(
        state="purging", purge_at=timezone.now() - timedelta(1)
    )
    assert purges.due() == [over]
