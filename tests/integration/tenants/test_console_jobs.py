"""Dead letters in the console."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.jobs.models import Failure, JobRun
from apps.jobs.services import lanes, outcomes, runs

PUBLIC = "config.urls_public"


def url(model, **query):
    address = reverse(f"admin:jobs_{model}_changelist", urlconf=PUBLIC)
    return address + "".join(f"?{name}={value}" for name, value in query.items())


def act(console, action, rows, model="jobrun", **form):
    chosen = {ACTION_CHECKBOX_NAME: [row.pk for row in rows], "action": action, **form}
    return console.post(url(model), chosen, follow=True).content.decode()


@pytest.fixture
def dead(db):
    run = runs.request(name="jobs.nothing", arguments={}, by=None, schema_name="w_alpha")
    outcomes.fail(run=runs.claim(run_id=str(run.pk)), error=Conflict("It is taken."))
    return run


def test_they_have_a_list_of_their_own(console, dead):
    runs.request(name="jobs.other", arguments={}, by=None)
    shown = console.get(url("jobrun", dead="yes")).context["cl"].result_list
    assert [run.name for run in shown] == ["jobs.nothing"]


def test_all_chosen_run_again(console, dead):
    assert "1 in the queue again." in act(console, "run_again", [dead])
    dead.refresh_from_db()
    assert dead.state == "queued"


def test_why_one_does_not_run_again_is_said(console, db):
    run = runs.request(name="jobs.nothing", arguments={}, by=None)
    assert "jobs.nothing is queued." in act(console, "run_again", [run])


def test_discarding_asks_why(console, dead):
    assert "Why?" in act(console, "discard", [dead])
    said = act(console, "discard", [dead], confirmed="1", reason="the experience is gone")
    assert "is discarded." in said
    dead.refresh_from_db()
    assert dead.discard_reason == "the experience is gone"
    assert "jobs.nothing" in console.get(url("jobrun", dead="discarded")).content.decode()


def test_all_that_match_are_asked_of_once_and_only_they_are_discarded(console, db):
    """In one field: a form of a thousand fields is refused."""
    values = {"schema_name": "w_a", "state": "failed", "finished_at": timezone.now()}
    JobRun.objects.bulk_create(JobRun(name="jobs.nothing", **values) for _ in range(30))
    first = JobRun.objects.first()
    page = act(console, "discard", [first], select_across="1")
    assert "and 10 more" in page
    assert page.count("<input") < 12
    (keys,) = re.findall('name="keys" value="([^"]+)"', page)
    later = JobRun.objects.create(name="jobs.nothing", **values)
    said = act(console, "discard", [first], select_across="1", keys=keys, confirmed="1", reason="x")
    assert "The same of 25 more." in said
    assert list(JobRun.objects.dead()) == [later]


def test_what_is_begun_on_a_runs_page_leads_back_to_it(console, dead):
    address = reverse("admin:jobs_jobrun_change", urlconf=PUBLIC, args=[dead.pk])
    page = console.get(address).content.decode()
    assert "It is taken." in page
    assert 'value="discard"' in page
    assert 'value="cancel"' not in page
    chosen = {ACTION_CHECKBOX_NAME: dead.pk, "from_row": dead.pk, "action": "run_again"}
    assert console.post(url("jobrun"), chosen).url == address
    assert 'value="run_again"' not in console.get(address).content.decode()


def test_a_failure_leads_to_its_dead_letters(console, dead):
    runs.request(name="jobs.other", arguments={}, by=None)
    page = console.get(url("failure")).content.decode()
    (query,) = re.findall(r'/jobs/jobrun/\?(dead=yes[^"]+)"', page)
    shown = console.get(f"{url('jobrun')}?{unescape(query)}").context["cl"].result_list
    assert list(shown) == [dead]


def test_a_closed_lane_is_opened_again(console, own_redis):
    lanes.close("vendor:7", 600)
    board = reverse("admin:jobs_dashboard", urlconf=PUBLIC)
    assert "vendor:7 is closed until" in console.get(board).content.decode()
    address = reverse("admin:jobs_lane_open", urlconf=PUBLIC)
    said = console.post(address, {"lane": "vendor:7", "period": "7d"}, follow=True)
    assert said.redirect_chain[0][0] == f"{board}?period=7d"
    assert "is open again" in said.content.decode()
    assert AuditEntry.objects.get(action="lane.opened").object_label == "vendor:7"
    assert console.get(address).status_code == 405


def test_cancelling(console, db):
    run = runs.request(name="transfers.export", arguments={"export_id": None}, by=None)
    act(console, "cancel", [run], confirmed="1")
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_private_arguments_are_not_shown(console, db):
    run = runs.request(name="jobs.x", arguments={}, private={"email": "olivia@alpha"}, by=None)
    page = console.get(reverse("admin:jobs_jobrun_change", urlconf=PUBLIC, args=[run.pk]))
    assert page.status_code == 200
    assert "olivia@alpha" not in page.content.decode()


def test_a_way_to_fail_is_muted_and_told_again(console, dead):
    (failure,) = Failure.objects.all()
    act(console, "mute", [failure], model="failure")
    failure.refresh_from_db()
    assert failure.is_muted
    act(console, "unmute", [failure], model="failure")
    failure.refresh_from_db()
    assert not failure.is_muted
    audited = AuditEntry.objects.filter(action__startswith="failure.").order_by("sequence")
    assert [entry.action for entry in audited] == ["failure.muted", "failure.unmuted"]


def test_the_list_takes_as_many_queries_for_ten_as_for_one(
    console, dead, django_assert_max_num_queries
):
    console.get(url("jobrun"))
    JobRun.objects.bulk_create(JobRun(name=f"jobs.{n}", schema_name="w_a") for n in range(10))
    with django_assert_max_num_queries(12):
        console.get(url("jobrun"))
