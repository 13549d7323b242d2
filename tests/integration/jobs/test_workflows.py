"""Chains and groups."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import shared_task
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse

from apps.core.errors import Conflict
from apps.jobs import signals
from apps.jobs.models import Failure, JobRun
from apps.jobs.services import outcomes, replays, retention, runs, workflows
from apps.jobs.services.outcomes import NotCancellable, Stopped
from apps.jobs.services.replays import Match, NotReplayable
from apps.jobs.services.runs import MemberTaken
from apps.jobs.task import Job, work_on
from tests.factories.jobs import work_off

failing: dict[str, Exception] = {}


@shared_task(base=Job, bind=True, name="tests.do", title="Do it", unique="{what}", metered=False)
def do(_task, run, *, what):
    if what in failing:
        raise failing[what]
    return {"what": what}


@pytest.fixture(autouse=True)
def _nothing_fails():
    failing.clear()


def chain(*names, **keys):
    members = [do.s(what=name) for name in names]
    return workflows.chain(name="tests.all", title="Do all", members=members, by=None, **keys)


def group(*names, then=None, **keys):
    members = [do.s(what=name) for name in names]
    last = do.s(what=then) if then else None
    return workflows.group(
        name="tests.all", title="Do all", members=members, then=last, by=None, **keys
    )


def states(parent):
    parent.refresh_from_db()
    return parent.state, [member.state for member in parent.family]


def test_a_chain_goes_one_after_the_other(db):
    parent = chain("a", "b", "c")
    assert states(parent) == ("pending", ["queued", "pending", "pending"])
    for done in (1, 2, 3):
        work_on("default")
        assert states(parent)[1][:done] == ["succeeded"] * done
        assert parent.progress == 100 * done // 3
    assert states(parent)[0] == "succeeded"
    assert work_on("default") is None


def test_a_group_goes_together_and_then_its_last(db):
    parent = group("a", "b", then="c")
    assert states(parent) == ("pending", ["queued", "queued", "pending"])
    work_on("default")
    assert states(parent) == ("running", ["succeeded", "queued", "pending"])
    assert parent.message == "1 of 3 done"
    work_off()
    assert states(parent) == ("succeeded", ["succeeded"] * 3)


def test_a_failure_stops_a_chain_and_says_why(db):
    failing["b"] = Conflict("It is taken.")
    parent = chain("a", "b", "c", "d")
    work_off()
    assert states(parent) == ("failed", ["succeeded", "failed", "cancelled", "cancelled"])
    assert parent.problem["detail"] == "Do it: It is taken."
    assert parent.family[2].problem["detail"] == "“Do it” failed, and this comes after it."


def test_in_a_group_the_others_go_on(db):
    failing["a"] = Conflict("no")
    parent = group("a", "b", then="c")
    work_on("default")
    assert states(parent) == ("running", ["failed", "queued", "pending"])
    work_off()
    assert states(parent) == ("failed", ["failed", "succeeded", "cancelled"])


def test_listeners_hear_of_members_that_never_begin(db):
    heard = []

    def listen(run, **_):
        heard.append((run.kind, run.state))

    failing["a"] = Conflict("no")
    signals.job_failed.connect(listen, dispatch_uid="test")
    try:
        chain("a", "b")
        work_off()
    finally:
        signals.job_failed.disconnect(dispatch_uid="test")
    assert heard == [("", "failed"), ("", "cancelled"), ("chain", "failed")]


def test_only_the_member_is_a_dead_letter(db):
    failing["a"] = Conflict("no")
    parent = chain("a", "b")
    work_off()
    assert [run.pk for run in JobRun.objects.dead()] == [parent.family[0].pk]
    assert Failure.objects.get().name == "tests.do"


def test_what_finds_nothing_to_do_any_more_is_no_failure(db):
    failing["a"] = Stopped("The scan found something critical.")
    parent = chain("a", "b")
    work_off()
    assert states(parent) == ("cancelled", ["cancelled", "cancelled"])
    assert parent.problem["detail"] == "Do it: The scan found something critical."
    assert not Failure.objects.exists()


class TestCancelling:
    def test_the_parent_takes_what_waits_along(self, db, owner):
        parent = chain("a", "b", "c")
        running = runs.take(queue="default")
        outcomes.cancel(run=parent, by=owner)
        assert states(parent) == ("running", ["running", "cancelled", "cancelled"])
        outcomes.succeed(run=running)
        assert states(parent)[0] == "cancelled"
        assert parent.problem["detail"] == f"{owner.email} has cancelled this."

    def test_what_waits_can_be_cancelled_by_itself(self, db):
        parent = chain("a", "b", "c")
        outcomes.cancel(run=parent.family[1], by=None)
        work_off()
        assert states(parent) == ("cancelled", ["succeeded", "cancelled", "cancelled"])

    def test_what_has_ended_is_not(self, db):
        parent = chain("a")
        work_off()
        parent.refresh_from_db()
        with pytest.raises(NotCancellable):
            outcomes.cancel(run=parent, by=None)


class TestReplaying:
    @pytest.mark.parametrize("which", ["member", "parent"])
    def test_it_goes_on_from_there(self, db, which):
        failing["b"] = Conflict("no")
        parent = chain("a", "b", "c")
        work_off()
        failing.clear()
        parent.refresh_from_db()
        replays.replay(run=parent if which == "parent" else parent.family[1], by=None)
        assert states(parent) == ("running", ["succeeded", "queued", "pending"])
        assert [run.arguments["what"] for run in work_off()] == ["b", "c"]
        assert states(parent)[0] == "succeeded"

    def test_of_a_group_only_what_failed_and_its_last(self, db):
        failing["a"] = failing["b"] = Conflict("no")
        parent = group("a", "b", "c", then="d")
        work_off()
        failing.clear()
        assert replays.replay_all(rows=Match().rows(), by=None) == (2, [])
        work_off()
        assert states(parent) == ("succeeded", ["succeeded"] * 4)

    def test_one_of_two_that_failed_leaves_the_other(self, db):
        failing["a"] = failing["b"] = Conflict("no")
        parent = group("a", "b", then="c")
        work_off()
        del failing["a"]
        replays.replay(run=parent.family[0], by=None)
        work_off()
        assert states(parent) == ("failed", ["succeeded", "failed", "cancelled"])

    def test_nothing_runs_before_its_turn(self, db):
        failing["a"] = Conflict("no")
        parent = chain("a", "b")
        work_off()
        with pytest.raises(NotReplayable, match="Do it comes before it and is failed"):
            replays.replay(run=parent.family[1], by=None)


class TestSameWishes:
    def test_are_one(self, db):
        assert chain("a", unique="x") == chain("b", unique="x")
        assert chain("c", idempotency="y") == chain("d", idempotency="y")
        assert JobRun.objects.work().count() == 2

    def test_a_member_that_is_under_way_elsewhere_is_refused_and_nothing_is_left(self, db):
        do.enqueue(by=None, what="b")
        with pytest.raises(MemberTaken):
            chain("a", "b")
        assert JobRun.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "chain", "state": "queued"},
        {"kind": "", "state": "pending"},
        {"kind": "", "state": "queued", "stage": 1},
    ],
)
def test_the_database_refuses_what_cannot_be(db, changes):
    parent = chain("a")
    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.filter(pk=parent.pk).update(**changes)


def test_members_go_with_their_parent_but_not_while_one_is_a_dead_letter(db, settings):
    settings.JOBS_KEPT *= -1
    failing["b"] = Conflict("no")
    group("a", "b")
    work_off()
    assert retention.forget() == 0
    replays.discard(rows=JobRun.objects.dead(), reason="no need", by=None)
    assert retention.forget() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_that_end_in_the_same_moment_one_starts_the_last():
    parent = group("a", "b", then="c")
    first, second = runs.take(queue="default"), runs.take(queue="default")

    def end_second():
        try:
            outcomes.succeed(run=second)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            outcomes.succeed(run=first)
            other = pool.submit(end_second)
            _wait_for_a_lock()
            assert not other.done()
        other.result(10)
    assert states(parent) == ("running", ["succeeded", "succeeded", "queued"])
    work_off()
    assert states(parent)[0] == "succeeded"


def _wait_for_a_lock():
    """Until PostgreSQL says that somebody waits for what this transaction holds."""
    waiting = """
        SELECT count(*) FROM pg_locks
        WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
    """
    with connection.cursor() as cursor:
        while not cursor.execute(waiting).fetchone()[0]:
            pass


class TestShowing:
    @pytest.fixture
    def parent(self, db):
        failing["a"] = Conflict("It is taken.")
        parent = chain("a", "b")
        work_off()
        return parent

    def test_in_the_console(self, console, parent):
        url = reverse("admin:jobs_jobrun_change", urlconf="config.urls_public", args=[parent.pk])
        page = console.get(url).content.decode()
        first, second = parent.family
        assert page.index(f"/jobrun/{first.pk}/") < page.index(f"/jobrun/{second.pk}/")
        assert "It is taken." in page

    def test_on_the_command_line(self, parent, capsys):
        call_command("jobs", "show", str(parent.pk))
        assert f"  1  {parent.family[1].pk}  cancelled  tests.do" in capsys.readouterr().out
