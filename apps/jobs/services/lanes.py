"""Limits that all workers share: how much of a vendor, or of a customer's account there, is used.

A run's `lane` is `<vendor>` or `<vendor>:<whose account>`; `JOB_LANES` says how often the lanes of
a vendor may be entered. A lane that is full, or whose vendor asked for a pause, is closed for a
while: nothing in it is begun, and everything beside it goes on. Without Redis all are open.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

from apps.core.errors import DomainError
from apps.core.rates import SECONDS_TO_REDIS, Meter, Uncounted, Window
from apps.jobs import signals
from apps.jobs.services import time_limits

ENTRIES = Meter("jobs", Window.MOVING)
CLOSED = "jobs:lanes:closed"
LONGEST = 3600.0
# A worker does not ask again before each of many short runs.
REMEMBERED_SECONDS: Final = 0.01

log = structlog.get_logger(__name__)
_remembered: tuple[float, list[str]] = (0.0, [])


class LaneNotOpened(DomainError):
    code = "lane_not_opened"
    status = 503
    title = "This lane could not be opened"


def enter(lane: str) -> float:
    """Count one run. 0, or in how many seconds there is room: the lane is closed until then."""
    rate = _rate(lane)
    if rate is None:
        return 0.0
    try:
        wait = ENTRIES.take(rate, lane)
    except Uncounted:
        return 0.0
    return close(lane, wait) if wait else 0.0


def close(lane: str, seconds: float) -> float:
    """Let nothing of the lane begin for a while, an hour at most; returns for how long."""
    seconds = min(seconds, LONGEST)
    until = time.time() + seconds
    _forget()
    try:
        pipe = _client(settings.REDIS_URL).pipeline()
        pipe.zadd(CLOSED, {lane: until}, gt=True)
        pipe.zremrangebyscore(CLOSED, 0, time.time())
        pipe.execute()
    except RedisError as error:
        log.warning("lane_not_closed", lane=lane, error=type(error).__name__)
    return seconds


def closed() -> list[str]:
    """Lanes in which nothing may begin now, or a moment ago."""
    asked_at, found = _remembered
    if time.monotonic() - asked_at < REMEMBERED_SECONDS:
        return found
    found = list(closed_until())
    if time_limits.is_in_worker():
        _remember(found)
    return found


def closed_until() -> dict[str, float]:
    """Closed lanes and until when, in seconds since 1970."""
    try:
        return _still_closed(ask(_client(settings.REDIS_URL)))
    except RedisError:
        return {}


def ask(client: Any) -> Any:
    """Which are closed, as `note` takes it, of a client or as part of a pipeline."""
    return client.zrange(CLOSED, 0, -1, withscores=True)


def note(answer: Any) -> None:
    """What Redis has said to `ask` just now."""
    _remember(list(_still_closed(answer)))


def _still_closed(answer: list[tuple[str, float]]) -> dict[str, float]:
    now = time.time()
    return {lane: until for lane, until in answer if until >= now}


def _remember(found: list[str], at: float | None = None) -> None:
    global _remembered  # noqa: PLW0603 -- of this process, whose pool has one thread
    _remembered = (time.monotonic() if at is None else at, found)


def _forget() -> None:
    _remember([], at=0.0)


def open_again(lane: str, *, by: Any = None) -> bool:
    """Take a pause back; the lane's rate still holds. False where it was not closed. Raises
    `LaneNotOpened`.
    """
    try:
        with transaction.atomic():
            if not _client(settings.REDIS_URL).zrem(CLOSED, lane):
                return False
            signals.lane_opened.send(sender=None, lane=lane, by=by)
    except RedisError as error:
        raise LaneNotOpened(f"{lane}: Redis cannot be reached. Without it no lane is closed."
                            ) from error  # fmt: skip
    return True


def _rate(lane: str) -> str | None:
    return settings.JOB_LANES.get(lane.partition(":")[0]) if lane else None


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=SECONDS_TO_REDIS, socket_connect_timeout=SECONDS_TO_REDIS,
        decode_responses=True,
    )  # fmt: skip
