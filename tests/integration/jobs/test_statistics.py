"""Queues, lanes and tasks over a while, counted by the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import lanes, statistics
from apps.jobs.services.statistics import PERIODS, Numbers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _redis(own_redis):
    """Lanes of its own."""


def ended(*, ago, wait=1.0, state="succeeded", **values):
    """One that ended that long ago, a second after it was begun."""
    at = timezone.now() - ago
    begun = at - timedelta(seconds=1)
    return JobRun(
        **{"name": "x.y", "schema_name": "w_a", **values}, state=state, finished_at=at,
        started_at=begun, due_at=begun - timedelta(seconds=wait),
    )  # fmt: skip


def report(key="1h"):
    return statistics.report(PERIODS[key])


def group(found, name):
    return next(one for one in [*found.queues, *found.lanes] if one.name == name)


def test_ended_and_failed_are_counted_by_queue_and_lane():
    now = timedelta(seconds=0)
    JobRun.objects.bulk_create([
        ended(ago=now, queue="bulk", lane="mail"),
        ended(ago=now, queue="bulk", lane="roblox:7", state="failed"),
        ended(ago=now, queue="interactive", lane="roblox:8"),
        ended(ago=timedelta(hours=2), queue="bulk", lane="mail"),
    ])  # fmt: skip
    found = report()
    assert (found.total.ended, found.total.failed) == (3, 1)
    totals = {name: group(found, name).total for name in ("bulk", "interactive", "roblox")}
    counts = {name: (total.ended, total.failed) for name, total in totals.items()}
    assert counts == {"bulk": (2, 1), "interactive": (1, 0), "roblox": (2, 1)}
    assert sum(moment.numbers.ended for moment in group(found, "bulk").moments) == 2
    assert report("24h").total.ended == 4


def test_waits_are_those_from_due_to_begun():
    JobRun.objects.bulk_create(
        ended(ago=timedelta(0), wait=wait, queue="default") for wait in (1, 2, 3, 4, 100)
    )
    total = group(report(), "default").total
    assert total.wait_p50 == pytest.approx(3)
    assert total.wait_p95 == pytest.approx(80.8)


def test_what_never_began_has_no_wait_and_is_cancelled_not_ended():
    JobRun.objects.create(
        name="x.y", schema_name="w_a", state="cancelled", finished_at=timezone.now()
    )
    assert report().total == Numbers()


def test_how_many_waited_at_the_end_of_each():
    """One waits for ten minutes of the hour, one still does, one is for later."""
    now = timezone.now()
    half_past = now - timedelta(minutes=30)
    JobRun.objects.create(
        name="x.y", schema_name="w_a", state="succeeded", due_at=half_past,
        started_at=half_past + timedelta(minutes=10), finished_at=now,
    )  # fmt: skip
    JobRun.objects.create(name="x.y", schema_name="w_a", due_at=now - timedelta(hours=3))
    JobRun.objects.create(name="x.y", schema_name="w_a", due_at=now + timedelta(hours=3))
    found = group(report(), "default")
    waiting = [moment.waiting for moment in found.moments]
    assert waiting[:5] == [1] * 5
    assert waiting.count(2) == 10
    assert waiting[-1] == found.now.waiting == 1
    assert found.now.later == 1
    assert found.now.oldest_seconds == pytest.approx(3 * 3600, abs=60)


def test_a_parent_is_no_work():
    JobRun.objects.create(
        name="x.y", schema_name="w_a", kind="chain", state="succeeded", finished_at=timezone.now()
    )
    assert report().total == Numbers()


def test_tasks_of_which_most_failed_come_first():
    JobRun.objects.bulk_create([
        *(ended(ago=timedelta(0), name="x.often") for _ in range(3)),
        ended(ago=timedelta(0), name="x.bad", state="failed"),
    ])  # fmt: skip
    first, second = report().tasks
    assert (first.name, first.failed, second.name, second.ended) == ("x.bad", 1, "x.often", 3)
    assert second.run_p95 == pytest.approx(1)


def test_a_closed_lane_is_shown_although_nothing_ran_in_it():
    lanes.close("roblox:9", 60)
    ((lane, until),) = group(report(), "roblox").closed
    assert lane == "roblox:9"
    assert until > timezone.now()


def test_every_period_has_bars_that_fill_it(django_assert_num_queries):
    for period in PERIODS.values():
        with django_assert_num_queries(7):  # with the savepoint, and how long each may take
            found = statistics.report(period)
        assert {len(one.moments) for one in found.queues} == {period.bars}
        assert found.since <= found.until < found.since + period.length


def test_what_takes_too_long_is_not_drawn(monkeypatch):
    monkeypatch.setattr(statistics, "PATIENCE_MS", 1)
    monkeypatch.setattr(statistics, "_TASKS", "SELECT pg_sleep(60)")
    with pytest.raises(statistics.TooMuchToDraw, match="shorter"):
        report()
