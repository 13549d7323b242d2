"""Dead letters in the console."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from apps.core.errors import Conflict
from apps.jobs.models import Failure, JobRun
from apps.jobs.services import outcomes, runs

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


def test_the_list_takes_as_many_queries_for_ten_as_for_one(
    console, dead, django_assert_max_num_queries
):
    console.get(url("jobrun"))
    JobRun.objects.bulk_create(JobRun(name=f"jobs.{n}", schema_name="w_a") for n in range(10))
    with django_assert_max_num_queries(12):
        console.get(url("jobrun"))
