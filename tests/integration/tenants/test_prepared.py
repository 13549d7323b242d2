"""A sign-up that finds a prepared schema is over when its transaction is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.fleet.errors import SchemasBehind
from apps.fleet.models import Schema
from apps.fleet.services import pool, schemas
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.tenants.errors import SlugTaken
from apps.tenants.models import Tenant
from apps.tenants.services import tenants
from tests.factories.accounts import UserFactory
from tests.factories.fleet import ADD_COLOUR
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def founder(settings):
    settings.FLEET_POOL_SIZE = 1
    pool.refill()
    return UserFactory(email="fay@school.example", name="Fay")


def found(by, slug="lincoln"):
    return tenants.create(name="Lincoln", slug=slug, kind="school", by=by)


def test_a_workspace_is_open_at_once(founder, mailoutbox):
    tenant = found(founder)
    assert tenant.state == Tenant.State.ACTIVE
    assert not JobRun.objects.filter(name="tenants.provision").exists()
    actions = AuditEntry.objects.filter(schema_name=tenant.schema_name).order_by("sequence")
    assert [entry.action for entry in actions] == ["workspace.created", "workspace.provisioned"]
    work_off()
    assert [mail.subject for mail in mailoutbox] == ["Lincoln is ready"]


def test_its_tables_can_be_used(founder, browse):
    tenant = found(founder)
    assert browse(founder, tenant=tenant).get("/").status_code == 200
    assert browse(founder, tenant=tenant).get("/experiences/").status_code == 200


def test_the_browser_is_sent_straight_in(founder, browse):
    page = browse(founder, tenant=None).post(
        "/workspaces/new/", {"name": "Lincoln", "slug": "lincoln", "kind": "school"}
    )
    assert page.status_code == 302
    assert page["location"].startswith("http://lincoln.")


def test_the_next_waits_for_a_job(founder):
    found(founder)
    second = found(founder, "monroe")
    assert second.state == Tenant.State.PROVISIONING
    work_off()
    second.refresh_from_db()
    assert second.state == Tenant.State.ACTIVE


def test_a_refused_address_costs_no_schema(founder):
    with pytest.raises(SlugTaken):
        found(founder, "admin")
    assert pool.status().ready == 1


def test_a_job_tries_again_while_the_database_is_behind(founder, release):
    release("0002_colour", ADD_COLOUR)
    tenant = found(founder)
    run = JobRun.objects.get(pk=tenant.provisioning_run_id)
    with pytest.raises(SchemasBehind):
        schemas.build(schema_name=tenant.schema_name)
    run_now(run)
    assert run.state == JobRun.State.QUEUED
    assert "update of this installation is under way" in run.message


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_two_with_the_same_address_one_gets_it(founder):
    def attempt(number):
        try:
            return found(User.objects.get(pk=founder.pk))
        except SlugTaken:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        tenant, *others = filter(None, threads.map(attempt, range(4)))
    assert others == []
    assert tenant.state == Tenant.State.ACTIVE
    assert Schema.objects.get(name="w_lincoln").kind == "workspace"
