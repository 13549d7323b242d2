"""What the release declares (`CELERY_BEAT_SCHEDULE`), and what operators made of it.

A schedule that nobody edited follows the release; one that was edited stays as it is. One that no
release declares any more goes, edited or not: its task is gone, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from celery.schedules import crontab
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.jobs import signals
from apps.jobs.watch_models import ScheduleWatch

CRONTAB: Final = (
    "minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone",
)  # fmt: skip
FACTORS: Final = {"microseconds": 1e-6, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


@transaction.atomic
def install(*, entries: dict[str, dict[str, Any]]) -> int:
    """Bring the table up to what is declared; returns how many rows were made, changed, removed."""
    former = PeriodicTask.objects.filter(watch__declared__isnull=False).exclude(name__in=entries)
    gone: int = former.count()
    former.delete()
    tasks = PeriodicTask.objects.select_related("interval", "crontab", "watch")
    there = {task.name: task for task in tasks.filter(name__in=entries)}
    return gone + sum(_install(name, entry, there.get(name)) for name, entry in entries.items())


def said_of(task: PeriodicTask) -> dict[str, Any]:
    """As it stands, in the terms of a declaration. `seconds` is None where it has no interval;
    one at set times has a `crontab` instead (minute, hour, day of month, month, day of week; UTC
    unless it says otherwise).

    Whether it is on is no part of it: that is the operators' alone.
    """
    every = task.interval
    seconds = every.every * FACTORS[every.period] if every else None
    says = {"task": task.task, "seconds": seconds, "queue": task.queue,
            "expires": task.expire_seconds}  # fmt: skip
    return says | ({"crontab": _fields(task.crontab)} if task.crontab else {})


def is_edited(task: PeriodicTask) -> bool:
    watch = getattr(task, "watch", None)
    return bool(watch and watch.declared and watch.declared != said_of(task))


@transaction.atomic
def restore(*, tasks: Iterable[PeriodicTask], by: Any) -> int:
    """Take back what operators edited of these; returns of how many."""
    edited = [task for task in tasks if is_edited(task)]
    for task in edited:
        says = task.watch.declared
        was = said_of(task)
        PeriodicTask.objects.update_or_create(name=task.name, defaults=_columns(says))
        names = was | says
        changes = {
            name: [was.get(name), says.get(name)]
            for name in names
            if was.get(name) != says.get(name)
        }
        signals.schedule_edited.send(
            sender=PeriodicTask, task=task, deed="restored", changes=changes, by=by
        )
    return len(edited)


def _install(name: str, entry: dict[str, Any], task: PeriodicTask | None) -> bool:
    options = entry.get("options", {})
    every = entry["schedule"]
    when: dict[str, Any] = (
        {"seconds": None, "crontab": _fields(CrontabSchedule.from_schedule(every))}
        if isinstance(every, crontab)
        else {"seconds": every.total_seconds()}
    )
    says = {
        "task": entry["task"], **when,
        "queue": options.get("queue"), "expires": options.get("expires"),
    }  # fmt: skip
    stands = task is not None and (is_edited(task) or said_of(task) == says)
    if not stands:
        task, _ = PeriodicTask.objects.update_or_create(name=name, defaults=_columns(says))
    policy = {"on_miss": entry["on_miss"]} if "on_miss" in entry else {}
    watch, is_new = ScheduleWatch.objects.get_or_create(
        task=task, defaults={"declared": says, **policy}
    )
    if not is_new and watch.declared != says:
        ScheduleWatch.objects.filter(pk=watch.pk).update(declared=says)
    return not stands


def _columns(says: dict[str, Any]) -> dict[str, Any]:
    return {
        "task": says["task"], "interval": None, "crontab": None, "solar": None, "clocked": None,
        "queue": says["queue"], "expire_seconds": says["expires"], **_when(says),
    }  # fmt: skip


def _when(says: dict[str, Any]) -> dict[str, Any]:
    # Operators may have made the same one twice.
    if fields := says.get("crontab"):
        about = dict(zip(CRONTAB, fields, strict=True))
        times = CrontabSchedule.objects.filter(**about).first()
        return {"crontab": times or CrontabSchedule.objects.create(**about)}
    about = {"every": int(says["seconds"]), "period": "seconds"}
    every = IntervalSchedule.objects.filter(**about).first()
    return {"interval": every or IntervalSchedule.objects.create(**about)}


def _fields(times: CrontabSchedule) -> list[str]:
    return [str(getattr(times, name)) for name in CRONTAB]
