"""Workers: which there are, and what each does.

Each writes its heartbeat from a thread of its main process. The same thread looks for late
schedules, since beat, which sends everything else, may be what is away.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from celery import current_task
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from apps.jobs.services import schedules
from apps.jobs.watch_models import ScheduleWatch, Worker

BEAT_SECONDS: Final = 10.0
LOOK_EVERY: Final = 3  # beats

log = structlog.get_logger(__name__)
_done = threading.Event()
_threads: list[threading.Thread] = []


@dataclass(frozen=True)
class Work:
    """`run_id` is None for what beat sends, which has no `JobRun`."""

    title: str
    workspace: str
    since: datetime | None
    run_id: Any = None


@dataclass(frozen=True)
class Standing:
    worker: Worker
    works: list[Work]


def current() -> str:
    """The worker in which this runs; empty outside of one."""
    request = getattr(current_task, "request", None)
    return str(getattr(request, "hostname", None) or "")[:200]


def process(worker: str) -> str:
    """What this process of the worker is called."""
    return f"{worker}/{os.getpid()}"


def overview() -> list[Standing]:
    """All that were there within a day, with what they run; three queries."""
    works = _works()
    found = [Standing(worker, works.pop(worker.name, [])) for worker in Worker.objects.all()]
    return sorted(found, key=lambda one: (one.worker.state != "here", one.worker.name))


def beat(*, name: str, queues: str, concurrency: int, started_at: datetime) -> None:
    Worker.objects.update_or_create(
        name=name[:200],
        defaults={
            "queues": queues[:200], "concurrency": concurrency, "pid": os.getpid(),
            "started_at": started_at, "heartbeat_at": timezone.now(), "stopped_at": None,
        },
    )  # fmt: skip


def keep_heartbeat(*, name: str, queues: str, concurrency: int) -> None:
    """Until `stop_heartbeat`."""
    about = {"name": name, "queues": queues, "concurrency": concurrency}
    _done.clear()
    thread = threading.Thread(target=_keep, args=(about,), name="worker-heartbeat", daemon=True)
    _threads.append(thread)
    thread.start()


def stop_heartbeat() -> None:
    _done.set()
    while _threads:
        _threads.pop().join(timeout=5)


def _keep(about: dict[str, Any]) -> None:
    about, beats = {**about, "started_at": timezone.now()}, 0
    while True:
        _try(beat, **about)
        if beats % LOOK_EVERY == LOOK_EVERY - 1:
            _try(schedules.tell_late)
        beats += 1
        if _done.wait(BEAT_SECONDS):
            break
    _try(_stop, name=about["name"])


def _stop(*, name: str) -> None:
    Worker.objects.filter(name=name[:200], pid=os.getpid()).update(stopped_at=timezone.now())


def _try(act: Any, **about: Any) -> None:
    """The thread outlives whatever fails in it; a connection is not kept for so little."""
    try:
        act(**about)
    except (DatabaseError, InterfaceError) as error:
        log.warning("worker_heartbeat_missed", error=type(error).__name__)
    except Exception:
        log.exception("worker_heartbeat_failed")
    finally:
        connection.close()


def _works() -> dict[str, list[Work]]:
    from apps.jobs.models import JobRun

    found: dict[str, list[Work]] = {}
    running = JobRun.objects.filter(state=JobRun.State.RUNNING, finished_at=None)
    for run in running.order_by("started_at").defer("arguments", "private_arguments", "traceback"):
        work = Work(run.title, run.schema_name, run.started_at, run.pk)
        found.setdefault(run.worker, []).append(work)
    begun = ScheduleWatch.objects.filter(started_at__isnull=False, ended_at=None)
    for watch in begun.select_related("task"):
        found.setdefault(watch.worker, []).append(Work(watch.task.name, "", watch.started_at))
    return found
