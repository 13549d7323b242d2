"""The broker's part. A message says that a queue has work, not which: `shares` decides that when
a worker is free, so nobody's thousands stand before somebody else's one. A worker goes on for a
moment with what is due, so there are fewer messages than runs.

No run is forgotten, because of each of these: whoever commits one wakes a process that stands by
(`bell`), sends a ticket, or sees `ENOUGH` that nobody has taken yet; whoever takes one looks into
the rows after that; whoever stops looking while there may be more sends one again. Messages may
still be lost, or not be tickets: `top_up` makes up for that from the rows. A worker with one too
many finds nothing to do.
"""

from __future__ import annotations

from functools import cache

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.jobs.models import JobRun
from apps.jobs.services import bell, lanes

TASK = "jobs.work"
# What is due later is found by `top_up`: a message that waits lies in a worker's memory.
LONGEST_WAIT = 30.0
# Whoever takes a ticket does what is due, and has another sent when that takes its time.
# So a few that nobody has taken are as good as many.
ENOUGH = 4
UNREACHABLE = (OperationalError, RedisError, OSError)

log = structlog.get_logger(__name__)


def issue(*, run: JobRun) -> bool:
    """Have a worker look into the run's queue when the run is due. False without a broker."""
    wait = (run.due_at - timezone.now()).total_seconds()
    return wait > LONGEST_WAIT or issue_to(run.queue, wait=wait, workspace=run.schema_name)


def issue_to(queue: str, *, wait: float = 0.0, workspace: str = "", enough: int = ENOUGH) -> bool:
    """As `issue`, in `wait` seconds. `workspace` says who occasioned it, to those who look on."""
    if wait <= 0 and _is_heard(queue, enough):
        return True
    return _send(queue, wait, {"workspace": workspace} if workspace else None)


def _send(queue: str, wait: float = 0.0, headers: dict[str, str] | None = None) -> bool:
    try:
        current_app.send_task(
            TASK, queue=queue, countdown=wait if wait > 0 else None, retry=False,
            headers=headers, ignore_result=True,
        )  # fmt: skip
    except UNREACHABLE:
        log.warning("broker_unreachable", queue=queue)
        return False
    return True


def _is_heard(queue: str, enough: int) -> bool:
    try:
        return bell.ring(queue, enough=enough)
    except RedisError:
        return False


def top_up() -> int:
    """Send what the broker never got, or has lost; returns how many messages."""
    rows = JobRun.objects.due().exclude(lane__in=lanes.closed()).order_by()
    due = dict(rows.values_list("queue").annotate(Count("pk")))
    sent = 0
    for queue, number in due.items():
        missing = min(number, ENOUGH) - waiting(queue)
        for _ in range(missing):
            if not _send(queue):
                return sent
            sent += 1
    return sent


def waiting(queue: str) -> int:
    """Messages in the broker's queue; 0 when it cannot be asked."""
    try:
        return int(_broker(settings.CELERY_BROKER_URL).llen(queue))
    except RedisError:
        return 0


@cache
def _broker(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1)
    )
