from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.jobs.models import JobRun
from apps.jobs.services import outcomes, replays, runs
from apps.tenants.errors import NotRetryable, PermissionMissing, SlugTaken
from apps.tenants.models import Tenant
from apps.tenants.services import tenants
from tests.factories.accounts import UserFactory
from tests.factories.jobs import work_off


@pytest.fixture
def founder(db):
    return UserFactory(email="fay@school.example", name="Fay")


def found(founder, slug="lincoln", **about):
    return tenants.create(
        **{"name": "Lincoln", "slug": slug, "kind": "school", **about}, by=founder
    )


def tables_of(schema_name):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            [schema_name],
        )
        return {name for (name,) in cursor.fetchall()}


def fail(run):
    claimed = runs.claim(run_id=str(run.pk))
    outcomes.fail(run=claimed, error=RuntimeError("no space"))


def test_founding_asks_for_a_job(founder):
    tenant = found(founder)
    assert tenant.state == Tenant.State.PROVISIONING
    assert JobRun.objects.get(pk=tenant.provisioning_run_id).name == "tenants.provision"


def test_the_job_makes_the_same_tables_as_everybodys(founder, mailoutbox):
    tenant = found(founder)
    work_off()
    tenant.refresh_from_db()
    assert tenant.state == Tenant.State.ACTIVE
    assert tables_of("w_lincoln") == tables_of("w_alpha")
    assert [mail.subject for mail in mailoutbox] == ["Lincoln is ready"]


def test_the_founder_is_its_owner(founder):
    assert found(founder).memberships.get().user == founder


def test_the_job_shows_how_far_it_is(founder, monkeypatch):
    seen = []
    report = runs.report
    monkeypatch.setattr(runs, "report", lambda **about: seen.append(about) or report(**about))
    found(founder)
    work_off()
    assert [about["progress"] for about in seen] == sorted(about["progress"] for about in seen)
    assert all(about["message"].startswith("Building ") for about in seen)


def test_running_it_again_changes_nothing(founder, mailoutbox):
    tenant = found(founder)
    work_off()
    tenants.finish(tenant=tenant, report=lambda _percent, _text: None)
    work_off()
    assert AuditEntry.objects.filter(action="workspace.provisioned").count() == 1
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("slug", ["alpha", "admin", "www"])
def test_a_taken_or_kept_address_is_refused(founder, alpha, slug):
    with pytest.raises(SlugTaken):
        found(founder, slug)


@pytest.mark.parametrize(
    ("about", "field"),
    [({"slug": "-"}, "slug"), ({"name": ""}, "name"), ({"kind": "zoo"}, "kind")],
)
def test_nonsense_is_refused(founder, about, field):
    with pytest.raises(Invalid) as caught:
        found(founder, **about)
    assert field in caught.value.errors


def test_a_failure_shows_and_can_be_tried_again(founder):
    tenant = found(founder)
    fail(JobRun.objects.get(pk=tenant.provisioning_run_id))
    tenant.refresh_from_db()
    assert tenant.state == Tenant.State.FAILED
    tenants.retry(tenant=tenant, by=founder)
    work_off()
    tenant.refresh_from_db()
    assert tenant.state == Tenant.State.ACTIVE


def test_an_operators_replay_heals_it_too(founder):
    tenant = found(founder)
    run = JobRun.objects.get(pk=tenant.provisioning_run_id)
    fail(run)
    replays.replay(run=run, by=None)
    work_off()
    tenant.refresh_from_db()
    assert tenant.state == Tenant.State.ACTIVE


def test_there_is_nothing_to_retry_in_a_healthy_one(alpha, owner):
    with pytest.raises(NotRetryable):
        tenants.retry(tenant=alpha, by=owner)


def test_only_its_people_try_again(founder, outsider):
    with pytest.raises(PermissionMissing):
        tenants.retry(tenant=found(founder), by=outsider)


def test_an_address_is_suggested_from_the_name(db):
    assert tenants.suggest_slug(name="Lincoln Middle School") == "lincoln-middle-school"


def test_a_taken_suggestion_gets_a_number(alpha):
    assert tenants.suggest_slug(name="Alpha") == "alpha-2"


@pytest.mark.parametrize("name", ["", "!", "日本", "1"])
def test_a_name_without_letters_suggests_nothing(db, name):
    assert tenants.suggest_slug(name=name) == ""


def test_the_command_sets_up_at_once(founder, capsys):
    call_command("tenant", "create", "tenney", owner=founder.email)
    assert Tenant.objects.get(slug="tenney").state == Tenant.State.ACTIVE
    assert "Tenney is ready at http://tenney." in capsys.readouterr().out


def test_the_command_names_what_is_wrong(founder, alpha):
    with pytest.raises(CommandError, match="is taken"):
        call_command("tenant", "create", "alpha", owner=founder.email)
    with pytest.raises(CommandError, match="has no account"):
        call_command("tenant", "create", "tenney", owner="nobody@school.example")


def test_the_command_lists_and_shows(alpha, owner, capsys):
    call_command("tenant", "list")
    call_command("tenant", "show", "alpha")
    out = capsys.readouterr().out
    assert "1 members" in out
    assert owner.email in out


def test_a_new_name_is_on_record(alpha, owner):
    tenants.update(tenant=alpha, by=owner, name="Alpha School")
    entry = AuditEntry.objects.get(action="workspace.updated")
    assert entry.data == {"name": ["Alpha", "Alpha School"]}


def test_no_name_is_refused(alpha, owner):
    with pytest.raises(Invalid):
        tenants.update(tenant=alpha, by=owner, name="")
