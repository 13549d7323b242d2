"""How the schedules of beat stand: when each is due, and whether it is late.

Late is what beat has not sent although its time has passed, and what beat has sent but no worker
has begun.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from apps.core.errors import DomainError
from apps.jobs import signals
from apps.jobs.services import tickets
from apps.jobs.watch_models import ScheduleWatch

# How long after its time a schedule is late: a tenth of its interval, within these.
LEAST, MOST = timedelta(minutes=1), timedelta(minutes=10)
TOGETHER: Final = timedelta(minutes=10)
KINDS: Final = ("interval", "crontab", "solar", "clocked")
UNITS: Final = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


HEADER: Final = "periodic_task_name"  # of a message: which schedule it is of


class NotSent(DomainError):
    code = "schedule_not_sent"
    status = 503
    title = "This could not be sent to the workers"


@dataclass(frozen=True)
class Standing:
    """`state` is off, late, running, failed, waiting (not begun yet) or fine; `words` says it."""

    task: PeriodicTask
    watch: ScheduleWatch | None
    next_at: datetime | None
    state: str
    words: str

    @property
    def name(self) -> str:
        return str(self.task.name)

    @property
    def is_late(self) -> bool:
        return self.state == "late"

    @property
    def often(self) -> str:
        """As `every 5 minutes`, or as the crontab says."""
        if self.task.interval is None:
            return next((str(found) for kind in KINDS if (found := getattr(self.task, kind))), "")
        seconds = round(self.task.interval.schedule.run_every.total_seconds())
        unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0)
        number = seconds // size
        return f"every {unit}" if number == 1 else f"every {number} {unit}s"

    @property
    def started_at(self) -> datetime | None:
        return self.watch.started_at if self.watch else None


def overview() -> list[Standing]:
    """All schedules, the late ones first; one query."""
    found = [standing(task) for task in _rows()]
    return sorted(found, key=lambda one: (not one.is_late, one.task.name))


def standing(task: PeriodicTask) -> Standing:
    watch = getattr(task, "watch", None)
    if not task.enabled:
        return Standing(task, watch, None, "off", "off")
    due = due_at(task, since=task.last_run_at)
    state, words = _state(task, watch, due)
    return Standing(task, watch, due, state, words)


def due_at(task: PeriodicTask, *, since: datetime | None) -> datetime:
    """When it is due if it was last sent then; of one never sent, counted from its last change."""
    first = since is None
    left = task.schedule.remaining_estimate(since or task.date_changed)
    due: datetime = timezone.now() + (left or timedelta())
    return max(due, task.start_time) if first and task.start_time else due


def grace(task: PeriodicTask) -> timedelta:
    """How long after its time it is not yet late."""
    if task.interval is None:
        return MOST
    every: timedelta = task.interval.schedule.run_every
    return min(max(every / 10, LEAST), MOST)


def outcome_of(task: PeriodicTask) -> str:
    """Of the last run, in words."""
    watch = getattr(task, "watch", None)
    if watch is None or not watch.outcome:
        return "-"
    words = watch.get_outcome_display().lower()
    took = watch.run_seconds
    if watch.outcome == ScheduleWatch.Outcome.SUCCEEDED and took is not None:
        return f"{words} in {took:.1f} s"
    return f"{words}: {watch.detail}" if watch.detail else words


def misses_of(task: PeriodicTask) -> str:
    """What becomes of it when it is missed, and how often it was, in words."""
    watch = getattr(task, "watch", None)
    if watch is None:
        return str(ScheduleWatch.OnMiss.RUN_ONCE.label)
    policy = watch.get_on_miss_display()
    if not watch.missed_count:
        return str(policy)
    times = "once" if watch.missed_count == 1 else f"{watch.missed_count} times"
    return f"{policy}; missed {times}, last for {_at(watch.missed_at)}"


def note_missed(*, task: PeriodicTask, due: datetime, skipped: bool) -> bool:
    """Beat found that it was not there at that time. False where this was known."""
    changes: dict[str, Any] = {"missed_at": due, "missed_count": F("missed_count") + 1}
    if skipped:
        changes["skipped_at"] = timezone.now()
    watch, _ = ScheduleWatch.objects.get_or_create(task=task)
    known = watch.missed_at is not None and abs(watch.missed_at - due) < timedelta(seconds=1)
    return not known and bool(ScheduleWatch.objects.filter(pk=watch.pk).update(**changes))


def note_begun(*, name: str, worker: str) -> None:
    _watches(name).update(started_at=timezone.now(), ended_at=None, worker=worker[:200])


def note_ended(*, name: str, outcome: str, detail: str = "") -> None:
    _watches(name).update(ended_at=timezone.now(), outcome=outcome, detail=detail[:300])


@transaction.atomic
def set_on_miss(*, tasks: Any, on_miss: str, by: Any) -> int:
    """What becomes of these when they are missed; returns of how many."""
    for task in tasks:
        ScheduleWatch.objects.update_or_create(task=task, defaults={"on_miss": on_miss})
        _tell_edited(task, "on_miss_set", {"on_miss": on_miss}, by)
    return len(tasks)


def tasks() -> list[str]:
    """What can be scheduled: all but jobs, which need a `JobRun`, and Celery's own."""
    from apps.jobs.task import Job

    current_app.loader.import_default_modules()
    return [
        name for name, task in current_app.tasks.items()
        if not isinstance(task, Job) and not name.startswith("celery.") and name != tickets.TASK
    ]  # fmt: skip


@transaction.atomic
def switch(*, tasks: Iterable[PeriodicTask], on: bool, by: Any) -> int:
    """Have beat send these, or leave them; returns of how many that is new."""
    changed = [task for task in tasks if task.enabled != on]
    for task in changed:
        task.enabled = on
        task.save()
        _tell_edited(task, "switched_on" if on else "switched_off", {}, by)
    return len(changed)


def run_now(*, tasks: Iterable[PeriodicTask], by: Any) -> int:
    """Have workers begin these at once, beside their schedule; returns how many. Raises `NotSent`
    at the first that cannot be.
    """
    count = 0
    for task in tasks:
        with transaction.atomic():
            _tell_edited(task, "run", {}, by)
            _send(task)
        count += 1
    return count


@transaction.atomic
def save(*, task: PeriodicTask, changes: dict[str, Any], by: Any) -> PeriodicTask:
    """Write a schedule that a person made or changed; `changes` go on record."""
    is_new = task.pk is None
    task.save()
    _tell_edited(task, "created" if is_new else "edited", changes, by)
    return task


@transaction.atomic
def remove(*, task: PeriodicTask, by: Any) -> None:
    """One that the release declares is there again after the next start of beat."""
    _tell_edited(task, "removed", {}, by)
    task.delete()


@transaction.atomic
def tell_late() -> int:
    """Tell the operators of those late that they were not told of; returns of how many.

    Where beat is away one after the other becomes late: after telling, the next are told together.
    """
    found = overview()
    on_time = [one.task.pk for one in found if not one.is_late]
    ScheduleWatch.objects.filter(pk__in=on_time, told_at__isnull=False).update(told_at=None)
    if ScheduleWatch.objects.filter(told_at__gt=timezone.now() - TOGETHER).exists():
        return 0
    late = [one for one in found if one.is_late and _is_news(one)]
    if late:
        signals.schedules_late.send(sender=PeriodicTask, late=late)
    return len(late)


def _send(task: PeriodicTask) -> None:
    if task.task not in tasks():
        raise NotSent(f"{task.name}: this release has no task {task.task}.")
    try:
        current_app.send_task(
            task.task, args=json.loads(task.args or "[]"), kwargs=json.loads(task.kwargs or "{}"),
            queue=task.queue or None, expires=task.expire_seconds, headers={HEADER: task.name},
            retry=False, ignore_result=True,
        )  # fmt: skip
    except tickets.UNREACHABLE as error:
        raise NotSent(f"{task.name}: the broker cannot be reached. Try again later.") from error


def _tell_edited(task: PeriodicTask, deed: str, changes: dict[str, Any], by: Any) -> None:
    signals.schedule_edited.send(sender=PeriodicTask, task=task, deed=deed, changes=changes, by=by)


def _is_news(late: Standing) -> bool:
    """Of the workers that see it at once, one is told so."""
    untold = ScheduleWatch.objects.filter(pk=late.task.pk, told_at__isnull=True)
    return bool(untold.update(told_at=timezone.now()))


def _rows() -> Any:
    return PeriodicTask.objects.select_related(*KINDS, "watch").order_by("name")


def _watches(name: str) -> Any:
    return ScheduleWatch.objects.filter(task__name=name)


def _state(task: PeriodicTask, watch: ScheduleWatch | None, due: datetime) -> tuple[str, str]:
    now, least = timezone.now(), grace(task)
    if now > due + least:
        return "late", f"late: beat has not sent it since {_at(due)}"
    if watch is None:
        return "waiting", "not begun yet"
    if now > (expected := _begun_by(task, watch)) + least:
        return "late", f"late: no worker has begun what was due {_at(expected)}"
    if watch.is_running:
        return "running", f"running since {_at(watch.started_at)}"
    if watch.outcome == ScheduleWatch.Outcome.FAILED:
        return "failed", "on time, but it failed"
    return ("fine", "on time") if watch.started_at else ("waiting", "not begun yet")


def _begun_by(task: PeriodicTask, watch: ScheduleWatch) -> datetime:
    """When it should have been begun again, at the latest."""
    known = (watch.started_at, watch.skipped_at, watch.since, task.date_changed)
    return due_at(task, since=max(at for at in known if at is not None))


def _at(at: datetime | None) -> str:
    return f"{at:%-d %b, %H:%M:%S} UTC" if at else ""
