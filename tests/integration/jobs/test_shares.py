"""Whose turn is it?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import lanes, runs, shares


@pytest.fixture(autouse=True)
def _open_lanes(db):
    yield
    lanes._client.cache_clear()


def waiting(workspace, number=1, *, since=60, **values):
    due = timezone.now() - timedelta(seconds=since)
    return JobRun.objects.bulk_create(
        JobRun(name="jobs.nothing", schema_name=workspace, due_at=due, **values)
        for _ in range(number)
    )


def taken(number):
    return [run.schema_name if (run := shares.take("default")) else None for _ in range(number)]


def test_one_of_a_late_workspace_comes_before_the_rest_of_an_early_one(db):
    waiting("w_early", 50, since=600)
    shares.take("default")
    waiting("w_late", since=1)
    assert shares.take("default").schema_name == "w_late"


def test_workspaces_take_turns(db):
    waiting("w_a", 10)
    waiting("w_b", 10)
    waiting("w_c", 10)
    assert sorted(taken(6)) == ["w_a", "w_a", "w_b", "w_b", "w_c", "w_c"]


def test_whoever_was_served_last_waits_when_nothing_is_under_way(db):
    for name, ago in (("w_a", 10), ("w_b", 30)):
        then = timezone.now() - timedelta(seconds=ago)
        waiting(name, state="succeeded", started_at=then, finished_at=then)
        waiting(name, since=600 if name == "w_a" else 1)
    assert taken(2) == ["w_b", "w_a"]


def test_within_a_workspace_the_first_due_comes_first(db):
    (later,) = waiting("w_a", since=5)
    (sooner,) = waiting("w_a", since=50)
    assert [shares.take("default").pk for _ in range(2)] == [sooner.pk, later.pk]


def test_what_is_taken_is_claimed(db):
    waiting("w_a")
    run = shares.take("default")
    assert (run.state, run.attempts, run.started_at) == ("running", 1, run.heartbeat_at)
    assert shares.take("default") is None


@pytest.mark.parametrize(
    "values",
    [
        {"since": -60},
        {"queue": "bulk"},
        {"state": "cancelled", "finished_at": timezone.now()},
    ],
)
def test_others_are_left_where_they_are(db, values):
    waiting("w_a", **values)
    assert shares.take("default") is None


def test_a_closed_lane_holds_up_nothing_beside_it(db):
    waiting("w_a", 3, lane="mail", since=600)
    (beside,) = waiting("w_a", since=1)
    lanes.close("mail", 60)
    assert shares.take("default").pk == beside.pk
    assert shares.take("default") is None
    lanes.open_again("mail")
    assert shares.take("default").lane == "mail"


def test_a_full_lane_is_closed_and_its_runs_keep_their_place(db, settings):
    settings.JOB_LANES = {"vendor": "2/hour"}
    rows = waiting("w_a", 5, lane="vendor:7")
    other = waiting("w_b", 1, lane="vendor:8")
    begun = []
    while run := runs.take(queue="default"):
        begun.append(run.lane)
    assert sorted(begun) == ["vendor:7", "vendor:7", "vendor:8"]
    assert lanes.closed() == ["vendor:7"]
    left = JobRun.objects.filter(pk__in=[row.pk for row in [*rows, *other]], state="queued")
    assert {(run.attempts, run.due_at) for run in left} == {(0, rows[0].due_at)}


def test_its_cost_goes_by_workspaces_not_by_runs(db, django_assert_num_queries):
    waiting("w_a", 300)
    waiting("w_b", 1)
    with django_assert_num_queries(1):
        shares.take("default")
