"""Tasks as workers carry them out."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from datetime import timedelta

import pytest
from celery import current_app, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_shutting_down
from django.db import OperationalError, connection
from django.utils import timezone

from apps.core.errors import VendorError
from apps.jobs.models import JobRun
from apps.jobs.services import bell, lanes, leases, outcomes, pool, runs, tickets, time_limits
from apps.jobs.services.outcomes import NotCancellable
from apps.jobs.task import ERROR_SECONDS, Job, run_now, work_off, work_on

done: list[dict] = []


@shared_task(
    base=Job, bind=True, name="tests.tell", private=("secret",), unique="{about}", cancellable=True,
    job_queue="tests", metered=False,
)  # fmt: skip
def tell(_task, run, *, about, secret=""):
    done.append({"about": about, "secret": secret, "schema": connection.schema_name})
    if about == "cancel":
        outcomes.cancel(run=run, by=None)
        runs.report(run=run, progress=10)
    if about == "busy":
        raise VendorError("Busy.", retry_after=30)
    return {"about": about}


@pytest.fixture(autouse=True)
def _nothing_done(db):
    done.clear()


def test_a_worker_does_the_one_whose_turn_it_is(db):
    tell.enqueue(by=None, about="one")
    assert work_on("tests").state == "succeeded"
    assert [each["about"] for each in done] == ["one"]
    assert work_on("tests") is None


class TestTicket:
    @pytest.fixture(autouse=True)
    def passed(self, monkeypatch):
        """Queues that somebody is to look into, and in how many seconds."""
        told = []
        monkeypatch.setattr(tickets, "issue_to", lambda queue, wait: told.append((queue, wait)))
        return told

    @pytest.fixture(autouse=True)
    def _long(self, monkeypatch):
        monkeypatch.setattr("apps.jobs.task.TICKET_SECONDS", 300.0)

    def test_it_lasts_for_what_is_due(self, passed):
        for about in ("one", "two", "three"):
            tell.enqueue(by=None, about=about)
        assert work_off("tests") == 3
        assert not passed

    def test_after_its_time_one_of_a_pool_goes_on_unless_it_is_needed(self, passed, monkeypatch):
        monkeypatch.setattr("apps.jobs.task.TICKET_SECONDS", -1.0)
        monkeypatch.setattr(time_limits, "is_in_worker", lambda: True)
        needed = iter([False, True])
        monkeypatch.setattr(pool, "is_wanted", lambda: next(needed))
        for about in ("one", "two", "three"):
            tell.enqueue(by=None, about=about)
        assert (work_off("tests"), passed) == (2, [("tests", 0.0)])

    def test_what_was_rung_for_is_one_run(self, passed):
        for about in ("one", "two"):
            tell.enqueue(by=None, about=about)
        assert (work_off("tests", most=1), passed) == (1, [])

    def test_after_its_time_another_goes_on(self, passed, monkeypatch):
        monkeypatch.setattr("apps.jobs.task.TICKET_SECONDS", -1.0)
        for about in ("one", "two"):
            tell.enqueue(by=None, about=about)
        assert (work_off("tests"), passed) == (1, [("tests", 0.0)])
        assert [each["about"] for each in done] == ["one"]

    def test_after_a_failure_another_goes_on(self, passed):
        for about in ("busy", "two"):
            tell.enqueue(by=None, about=about)
        assert (work_off("tests"), passed) == (1, [("tests", 0.0)])

    def test_without_a_database_it_is_looked_for_again_in_a_moment(self, passed, monkeypatch):
        def fail(**_):
            raise OperationalError

        monkeypatch.setattr(runs, "take", fail)
        with pytest.raises(OperationalError):
            work_off("tests")
        assert passed == [("tests", ERROR_SECONDS)]

    def test_a_worker_that_is_to_stop_begins_nothing(self, passed, monkeypatch):
        monkeypatch.setattr(pool, "is_stopping", lambda: True)
        tell.enqueue(by=None, about="one")
        assert (work_off("tests"), passed) == (0, [("tests", 0.0)])
        assert not done

    def test_the_main_process_says_so_to_its_pool(self, monkeypatch):
        monkeypatch.setattr(pool, "_memory", bytearray(5))
        assert not pool.is_stopping()
        assert not pool.is_wanted()
        pool.note_waiting(300)
        assert pool.is_wanted()
        pool.note_waiting(0)
        assert not pool.is_wanted()
        worker_shutting_down.send(sender="worker@test", sig="SIGTERM", how="Warm", exitcode=0)
        assert pool.is_stopping()
        assert pool.is_wanted()


def test_private_arguments_are_read_by_the_task_only(db):
    run = tell.enqueue(by=None, about="one", secret="olivia@alpha.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(jobs_jobrun)::text FROM jobs_jobrun")
        assert "olivia@" not in cursor.fetchone()[0]
    work_on("tests")
    assert done[0]["secret"] == "olivia@alpha.example"
    assert run.arguments == {"about": "one"}


def test_of_the_same_unfinished_wish_there_is_one(db):
    first = tell.enqueue(by=None, about="one")
    assert tell.enqueue(by=None, about="one") == first
    assert tell.enqueue(by=None, about="two") != first
    work_on("tests")
    assert tell.enqueue(by=None, about="one") != first


def test_the_same_wish_in_another_workspace_is_another(db):
    first = tell.enqueue(by=None, about="one", schema_name="public")
    assert tell.enqueue(by=None, about="one", schema_name="w_other") != first


def test_a_request_is_followed_into_its_jobs(db):
    import structlog

    with structlog.contextvars.bound_contextvars(request_id="req-7"):
        run = tell.enqueue(by=None, about="one")
    assert run.trace_id == "req-7"


def test_cancelled_before_it_began_it_never_begins(db, owner):
    run = outcomes.cancel(run=tell.enqueue(by=owner, about="one"), by=owner)
    assert (run.state, run.problem["code"]) == ("cancelled", "cancelled")
    assert work_on("tests") is None
    assert not done


def test_cancelled_while_it_runs_it_stops_where_it_reports(db):
    run = tell.enqueue(by=None, about="cancel")
    work_on("tests")
    run.refresh_from_db()
    assert (run.state, run.progress) == ("cancelled", 0)


def test_one_that_is_to_be_cancelled_loses_its_lease(db):
    run = tell.enqueue(by=None, about="one")
    running = runs.take(queue="tests")
    outcomes.cancel(run=run, by=None)
    assert not runs.beat(run=running)


def test_a_lost_one_that_is_to_be_cancelled_is_cancelled(db):
    run = tell.enqueue(by=None, about="one")
    runs.take(queue="tests")
    outcomes.cancel(run=run, by=None)
    JobRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    outcomes.rescue()
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_what_has_ended_is_not_cancelled(db):
    run = tell.enqueue(by=None, about="one")
    run_now(run)
    with pytest.raises(NotCancellable):
        outcomes.cancel(run=run, by=None)


def test_what_cannot_stop_half_way_is_not_cancelled(db):
    run = runs.request(name="tenants.provision", arguments={}, by=None)
    with pytest.raises(NotCancellable):
        outcomes.cancel(run=run, by=None)


def test_a_vendor_that_wants_a_pause_closes_its_lane(db):
    run = tell.enqueue(by=None, about="busy", lane="vendor:1")
    run_now(run)
    assert (run.state, lanes.closed()) == ("queued", ["vendor:1"])
    lanes.open_again("vendor:1")


def test_a_crash_is_kept_for_operators_and_encrypted(db, monkeypatch):
    def crash(*_, **__):
        raise RuntimeError("olivia@alpha.example")

    monkeypatch.setattr(current_app.tasks["tests.tell"], "run", crash)
    run = run_now(tell.enqueue(by=None, about="one"))
    assert "RuntimeError: olivia@alpha.example" in run.traceback
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(jobs_jobrun)::text FROM jobs_jobrun")
        assert "olivia@" not in cursor.fetchone()[0]
    assert "olivia" not in json.dumps(run.problem)


def test_a_task_of_a_newer_release_waits_for_its_worker(db):
    run = runs.request(name="of.tomorrow", arguments={}, by=None, queue="tests")
    work_on("tests")
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("queued", 0)
    assert run.due_at > timezone.now()


def test_a_task_that_is_gone_fails_at_last(db):
    run = runs.request(name="of.yesterday", arguments={}, by=None, queue="tests")
    JobRun.objects.update(created_at=timezone.now() - timedelta(hours=2))
    work_on("tests")
    run.refresh_from_db()
    assert (run.state, run.problem["code"]) == ("failed", "job_unknown")


class TestTimeLimits:
    def test_what_takes_too_long_is_interrupted(self):
        with pytest.raises(SoftTimeLimitExceeded), time_limits.soft(0.02):
            signal.sigtimedwait([], 5)

    def test_afterwards_nothing_interrupts(self):
        with time_limits.soft(0.02):
            pass
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)

    def test_at_the_hard_limit_it_fails_and_its_process_ends(self, db, settings, monkeypatch):
        ended = []

        settings.JOB_HEARTBEAT_SECONDS = 0.01
        monkeypatch.setattr(time_limits, "is_in_worker", lambda: True)
        monkeypatch.setattr(time_limits, "end_process", lambda: ended.append(time.monotonic()))
        failed = []
        monkeypatch.setattr(outcomes, "fail", lambda error, **_: failed.append(error))
        monkeypatch.setattr(runs, "beat", lambda **_: True)
        with leases.lease(JobRun(pk=None, attempts=1), hard_limit=0.02):
            signal.sigtimedwait([], 0.2)
        assert ended
        assert outcomes._problem(failed[0])["code"] == "time_limit"


class TestBegin:
    """Told of by the lease's thread, to whom the test's transaction is not visible."""

    def test_of_one_that_lasts_it_is_told(self, db, settings, monkeypatch):
        settings.JOB_MOMENT_SECONDS = 0.0
        told, heard = [], threading.Event()
        monkeypatch.setattr(runs, "announce", lambda run: (told.append(run.state), heard.set()))
        with leases.lease(JobRun(state="running", attempts=1)):
            assert heard.wait(30)
        assert told == ["running"]

    def test_of_one_that_has_ended_only_that(self, db, monkeypatch):
        told = []
        monkeypatch.setattr(runs, "announce", lambda run: told.append(run.state))
        run_now(tell.enqueue(by=None, about="one"))
        assert told == ["succeeded"]

    def test_while_it_lasts_somebody_else_looks_into_its_queue(self, db, settings, monkeypatch):
        settings.JOB_MOMENT_SECONDS = 2.0
        told, heard = [], threading.Event()

        def issue(queue, *, enough):
            told.append((queue, enough))
            heard.set()

        monkeypatch.setattr(tickets, "issue_to", issue)
        with leases.lease(JobRun(state="running", attempts=1, queue="bulk")):
            assert heard.wait(30)
        assert told == [("bulk", 1)]

    def test_so_does_somebody_into_what_was_rung_for_because_of_it(self, db, settings, monkeypatch):
        settings.JOB_MOMENT_SECONDS = 2.0
        told, left, heard = set(), [], threading.Event()

        def issue(queue, *, enough):
            told.add(queue)
            if len(told) == 2:
                heard.set()

        def leave(_, *, worker, name):
            left.append((worker, name))
            return ["interactive"]

        monkeypatch.setattr(tickets, "issue_to", issue)
        monkeypatch.setattr(bell, "leave", leave)
        monkeypatch.setattr(time_limits, "is_in_worker", lambda: True)
        with leases.lease(JobRun(state="running", attempts=1, queue="bulk", worker="one@test")):
            assert heard.wait(30)
        assert told == {"bulk", "interactive"}
        assert left == [("one@test", f"one@test/{os.getpid()}")]


class TestLeases:
    def test_one_thread_keeps_all_of_a_process(self):
        with leases.lease(JobRun(attempts=1)), leases.lease(JobRun(attempts=1)):
            names = [thread.name for thread in threading.enumerate()]
        assert names.count("lease-keeper") == 1

    def test_what_fails_for_one_run_keeps_anothers(self, settings, monkeypatch):
        settings.JOB_HEARTBEAT_SECONDS = 0.01
        broken, sound, kept = JobRun(attempts=1), JobRun(attempts=1), threading.Event()

        def beat(run):
            if run is broken:
                raise RuntimeError
            kept.set()
            return True

        monkeypatch.setattr(runs, "beat", beat)
        with leases.lease(broken), leases.lease(sound):
            assert kept.wait(30)
            kept.clear()
            assert kept.wait(30)

    def test_what_is_over_is_not_asked_for(self, settings, monkeypatch):
        settings.JOB_HEARTBEAT_SECONDS = 0.01
        asked, again = [], threading.Event()
        over, other = JobRun(attempts=1), JobRun(attempts=1)
        monkeypatch.setattr(runs, "beat", lambda run: (asked.append(run), again.set()) is not None)
        with leases.lease(other):
            with leases.lease(over):
                assert again.wait(30)
            asked.clear()
            again.clear()
            assert again.wait(30)
        assert over not in asked


def test_every_job_says_what_makes_two_wishes_the_same():
    current_app.loader.import_default_modules()
    tasks = [task for task in current_app.tasks.values() if isinstance(task, Job)]
    jobs = [task for task in tasks if task.__module__.startswith("apps.")]
    assert len(jobs) > 5
    for task in jobs:
        said = [bool(task.idempotency), bool(task.unique), task.repeats]
        assert sum(said) == 1, f"{task.name}: one of idempotency, unique, repeats"
        assert task.title, task.name
        assert task.soft_time_limit < task.time_limit, task.name
