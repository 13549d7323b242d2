from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from apps.core.errors import Conflict, VendorError
from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import outcomes, replays, runs
from apps.jobs.services.leases import lease
from apps.jobs.services.replays import NotReplayable
from tests.factories.transactions import undo_after


class Busy(VendorError):
    code = "busy"


@pytest.fixture
def run(db):
    return runs.request(name="jobs.nothing", arguments={}, by=None, schema_name="public")


@pytest.fixture
def running(run):
    return runs.claim(run_id=str(run.pk))


def lose(run, **changes):
    past = timezone.now() - timedelta(minutes=5)
    JobRun.objects.filter(pk=run.pk).update(heartbeat_at=past, **changes)


def test_a_run_is_claimed_once(run):
    assert runs.claim(run_id=str(run.pk)).attempts == 1
    assert runs.claim(run_id=str(run.pk)) is None


def test_a_run_that_is_not_due_waits(run):
    JobRun.objects.filter(pk=run.pk).update(due_at=timezone.now() + timedelta(minutes=1))
    assert runs.claim(run_id=str(run.pk)) is None


def test_the_same_wish_is_one_run(db):
    wish = {"name": "jobs.nothing", "arguments": {}, "by": None, "idempotency_key": "once"}
    assert runs.request(**wish) == runs.request(**wish)


def test_a_wish_that_is_undone_leaves_no_run(db):
    with pytest.raises(RuntimeError):
        undo_after(lambda: runs.request(name="jobs.nothing", arguments={}, by=None))
    assert not JobRun.objects.exists()


def test_success(running):
    outcomes.succeed(run=running, result={"n": 1})
    running.refresh_from_db()
    assert (running.state, running.progress, running.result) == ("succeeded", 100, {"n": 1})


def test_an_unknown_failure_says_nothing_of_its_inside(running):
    outcomes.fail(run=running, error=ValueError("password=secret"))
    running.refresh_from_db()
    assert running.state == "failed"
    assert "secret" not in str(running.problem)


def test_a_refusal_is_kept_as_a_problem(running):
    outcomes.fail(run=running, error=Conflict("It is taken."))
    running.refresh_from_db()
    assert (running.problem["code"], running.problem["detail"]) == ("conflict", "It is taken.")


def test_a_passing_vendor_failure_puts_it_back(running):
    outcomes.fail(run=running, error=Busy("Later.", retry_after=60))
    running.refresh_from_db()
    wait = (running.due_at - timezone.now()).total_seconds()
    assert running.state == "queued"
    assert 55 < wait < 76


def test_a_permanent_one_does_not(running):
    outcomes.fail(run=running, error=Busy("Never.", permanent=True))
    running.refresh_from_db()
    assert running.state == "failed"


def test_attempts_end(running):
    JobRun.objects.filter(pk=running.pk).update(max_attempts=1)
    running.refresh_from_db()
    outcomes.fail(run=running, error=Busy("Later."))
    running.refresh_from_db()
    assert running.state == "failed"


def test_what_a_killed_worker_left_is_put_back(running):
    lose(running)
    assert outcomes.rescue() >= 1
    running.refresh_from_db()
    assert running.state == "queued"


def test_a_living_worker_keeps_its_run(running):
    runs.beat(run=running)
    outcomes.rescue()
    running.refresh_from_db()
    assert running.state == "running"


def test_a_run_that_kills_its_workers_ends(running):
    lose(running, attempts=5)
    outcomes.rescue()
    running.refresh_from_db()
    assert (running.state, running.problem["code"]) == ("failed", "worker_lost")


def test_a_worker_that_comes_back_finds_itself_outrun(running):
    lose(running)
    outcomes.rescue()
    again = runs.claim(run_id=str(running.pk))
    outcomes.succeed(run=running, result="late")
    again.refresh_from_db()
    assert (again.state, again.result) == ("running", None)
    assert not runs.beat(run=JobRun(pk=running.pk, attempts=1))


def test_a_worker_that_was_outrun_stops_at_its_next_report(running):
    lose(running)
    outcomes.rescue()
    again = runs.claim(run_id=str(running.pk))
    with pytest.raises(runs.Outrun):
        runs.report(run=running, progress=50)
    outcomes.succeed(run=running, result="late")
    again.refresh_from_db()
    assert (again.state, again.progress, again.attempts) == ("running", 0, 2)


def test_a_report_does_not_adopt_another_attempt(running):
    runs.report(run=running, progress=50)
    lose(running)
    outcomes.rescue()
    runs.claim(run_id=str(running.pk))
    assert not runs.beat(run=running)


def test_a_job_stopped_at_its_time_limit_says_so(running):
    outcomes.fail(run=running, error=SoftTimeLimitExceeded(600))
    running.refresh_from_db()
    assert (running.state, running.problem["code"]) == ("failed", "time_limit")


def test_the_lease_survives_a_database_that_was_away(running, settings, monkeypatch):
    settings.JOB_HEARTBEAT_SECONDS = 0.01
    beats, enough = [], threading.Event()

    def beat(*, run):
        beats.append(run)
        if len(beats) == 1:
            raise OperationalError("terminating connection")
        enough.set()
        return False

    monkeypatch.setattr(runs, "beat", beat)
    with lease(running):
        assert enough.wait(5)


def test_progress_stays_a_percentage(running):
    runs.report(run=running, progress=140, message="x" * 400)
    running.refresh_from_db()
    assert (running.progress, len(running.message)) == (100, 300)


def test_the_database_refuses_a_run_without_a_heartbeat(run):
    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.filter(pk=run.pk).update(state="running")


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_only_what_ended_without_success_is_replayed(running, state):
    JobRun.objects.filter(pk=running.pk).update(state=state, finished_at=timezone.now())
    with pytest.raises(NotReplayable):
        replays.replay(run=running, by=None)


def test_a_replay_keeps_the_run_and_counts_on(running, owner):
    outcomes.fail(run=running, error=Conflict("no"))
    again = replays.replay(run=running, by=owner)
    assert (again.pk, again.attempts, again.max_attempts) == (running.pk, 1, 6)
    assert again.message == f"Run again by {owner.email}"


def test_listeners_hear_of_an_end_for_good(running):
    heard = []

    def listen(run, **_):
        heard.append(run.state)

    signals.job_failed.connect(listen, dispatch_uid="test")
    try:
        outcomes.fail(run=running, error=Conflict("no"))
    finally:
        signals.job_failed.disconnect(dispatch_uid="test")
    assert heard == ["failed"]
