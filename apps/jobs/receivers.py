"""What workers tell of themselves and of what beat sent them: Celery's signals."""

from __future__ import annotations

from typing import Any

import structlog
from celery import current_app
from celery.signals import (
    task_postrun,
    task_prerun,
    task_revoked,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.db import DatabaseError, InterfaceError

from apps.jobs import standby
from apps.jobs.services import pool, schedules, workers
from apps.jobs.services.schedules import HEADER
from apps.jobs.watch_models import ScheduleWatch

log = structlog.get_logger(__name__)


def connect() -> None:
    task_prerun.connect(note_begun, dispatch_uid="jobs-schedule-begun")
    task_postrun.connect(note_ended, dispatch_uid="jobs-schedule-ended")
    task_revoked.connect(note_dropped, dispatch_uid="jobs-schedule-dropped")
    worker_ready.connect(begin_heartbeat, dispatch_uid="jobs-worker-ready")
    worker_shutting_down.connect(pool.ask_to_stop, dispatch_uid="jobs-worker-stopping")
    worker_shutdown.connect(end_heartbeat, dispatch_uid="jobs-worker-shutdown")
    current_app.steps["worker"].add(standby.CallBack)


def begin_heartbeat(sender: Any, **_: Any) -> None:
    queues = ", ".join(sorted(queue.name for queue in sender.task_consumer.queues))
    concurrency = getattr(sender.controller, "concurrency", 1)
    workers.keep_heartbeat(name=sender.hostname, queues=queues, concurrency=concurrency)


def end_heartbeat(**_: Any) -> None:
    workers.stop_heartbeat()


def note_begun(task: Any, **_: Any) -> None:
    if name := getattr(task.request, HEADER, None):
        _note(schedules.note_begun, name=name, worker=task.request.hostname or "")


def note_ended(task: Any, state: str | None, retval: Any, **_: Any) -> None:
    if name := getattr(task.request, HEADER, None):
        fine = state == "SUCCESS"
        outcome = ScheduleWatch.Outcome.SUCCEEDED if fine else ScheduleWatch.Outcome.FAILED
        detail = "" if fine else f"{type(retval).__name__}: {retval}"
        _note(schedules.note_ended, name=name, outcome=outcome, detail=detail)


def note_dropped(request: Any, *, expired: bool = False, **_: Any) -> None:
    """A worker took the message after its time; the next one follows."""
    name = request.request_dict.get(HEADER) if expired else None
    if name:
        _note(schedules.note_ended, name=name, outcome=ScheduleWatch.Outcome.DROPPED)


def _note(note: Any, **about: Any) -> None:
    """The work itself does not depend on the note."""
    try:
        note(**about)
    except (DatabaseError, InterfaceError) as error:
        log.warning("schedule_not_noted", error=type(error).__name__, **about)
