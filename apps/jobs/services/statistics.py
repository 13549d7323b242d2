"""How background work went over the last hour, day, week or month, and how it stands now.

All of it is read from the runs themselves, in a number of queries that does not grow with them. A
hundred thousand runs of a month take half a second; where it takes too long it is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone
from psycopg.errors import QueryCanceled
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.core.database import connection
from apps.core.errors import DomainError
from apps.core.rates import SECONDS_TO_REDIS
from apps.jobs.services import lanes

MOST_TASKS: Final = 15
PATIENCE_MS: Final = 10_000  # of each query
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TooMuchToDraw(DomainError):
    code = "too_much_to_draw"
    status = 503
    title = "There are too many runs to draw"


@dataclass(frozen=True)
class Period:
    """`step` is what one bar stands for; the page is drawn again every `refresh` seconds."""

    key: str
    title: str
    bars: int
    step: timedelta
    refresh: int

    @property
    def length(self) -> timedelta:
        return self.bars * self.step


PERIODS: Final = {
    one.key: one
    for one in (
        Period("1h", "Hour", 60, timedelta(minutes=1), 5),
        Period("24h", "Day", 48, timedelta(minutes=30), 20),
        Period("7d", "Week", 56, timedelta(hours=3), 60),
        Period("30d", "Month", 60, timedelta(hours=12), 300),
    )
}


@dataclass(frozen=True)
class Numbers:
    """Of runs that ended, as succeeded or failed for good. Waits are in seconds, from when a run
    was due until it was begun, the last time; None where nothing was begun.
    """

    ended: int = 0
    failed: int = 0
    wait_p50: float | None = None
    wait_p95: float | None = None

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.ended if self.ended else 0.0


@dataclass(frozen=True)
class Now:
    """`waiting` is due, `later` is queued for a later time, `pending` waits for other members of
    its chain; `oldest` is since when the first of those waiting is due.
    """

    waiting: int = 0
    later: int = 0
    pending: int = 0
    running: int = 0
    oldest: datetime | None = None

    @property
    def oldest_seconds(self) -> float | None:
        if self.oldest is None:
            return None
        return max(0.0, (timezone.now() - self.oldest).total_seconds())


@dataclass(frozen=True)
class Moment:
    """`waiting` is how many were due and not begun at its end."""

    start: datetime
    numbers: Numbers
    waiting: int


@dataclass(frozen=True)
class Group:
    """A queue, or the lanes of a vendor. `tickets` are messages in the broker's queue, of a lane
    None, as of all while it cannot be asked; `closed` are lanes in which nothing may begin, and
    until when.
    """

    kind: str
    name: str
    total: Numbers
    moments: list[Moment]
    now: Now
    tickets: int | None = None
    closed: list[tuple[str, datetime]] = field(default_factory=list)


@dataclass(frozen=True)
class Task:
    """One kind of task; `run_p95` is how many seconds 19 of 20 took, the last attempt."""

    name: str
    ended: int
    failed: int
    run_p50: float | None
    run_p95: float | None


@dataclass(frozen=True)
class Report:
    """`tasks` are those of which most failed, then of which most ended. `has_broker` is whether it
    answered.
    """

    period: Period
    since: datetime
    until: datetime
    total: Numbers
    now: Now
    queues: list[Group]
    lanes: list[Group]
    tasks: list[Task]
    has_broker: bool = True


# `percentile_cont` sorts, so what is sorted is narrow; queues, and all, come of one sort.
_ENDED: Final = """
SELECT
    queue, lane, start, grouping(queue, lane) AS part, count(*), count(*) FILTER (WHERE failed),
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY wait)
FROM (
    SELECT
        queue, split_part(lane, ':', 1) AS lane,
        date_bin(%(step)s, finished_at, %(since)s) AS start, state = 'failed' AS failed,
        greatest(0, date_part('epoch', started_at - due_at)) AS wait
    FROM jobs_jobrun
    WHERE finished_at >= %(since)s AND kind = '' AND state IN ('succeeded', 'failed')
) AS ended
GROUP BY GROUPING SETS ((queue, start), (queue), (), (lane, start), (lane))
"""
# Each is one more from when it was due and one less from when it was begun.
_WAITING: Final = """
WITH spans AS (
    SELECT
        queue, split_part(lane, ':', 1) AS lane, due_at AS since,
        CASE WHEN state <> 'queued' THEN coalesce(started_at, finished_at) END AS until
    FROM jobs_jobrun
    WHERE (finished_at >= %(since)s OR finished_at IS NULL) AND kind = '' AND state <> 'pending'
), moves AS (
    SELECT queue, lane, since AS at, 1 AS number FROM spans WHERE until IS NULL OR until > since
    UNION ALL
    SELECT queue, lane, until, -1 FROM spans WHERE until > since
), binned AS (
    SELECT
        queue, lane, number, date_bin(%(step)s, greatest(at, %(since)s), %(since)s) AS start
    FROM moves WHERE at <= %(now)s
)
SELECT queue, lane, start, grouping(queue, lane) AS part, sum(number)
FROM binned GROUP BY GROUPING SETS ((queue, start), (lane, start))
"""
_OPEN: Final = """
SELECT
    queue, lane, grouping(queue, lane) AS part,
    count(*) FILTER (WHERE state = 'queued' AND due_at <= %(now)s),
    count(*) FILTER (WHERE state = 'queued' AND due_at > %(now)s),
    count(*) FILTER (WHERE state = 'pending'),
    count(*) FILTER (WHERE state = 'running'),
    min(due_at) FILTER (WHERE state = 'queued' AND due_at <= %(now)s)
FROM (
    SELECT queue, split_part(lane, ':', 1) AS lane, state, due_at
    FROM jobs_jobrun WHERE finished_at IS NULL AND kind = ''
) AS open
GROUP BY GROUPING SETS ((queue), (lane), ())
"""
_TASKS: Final = """
SELECT
    name, count(*), count(*) FILTER (WHERE state = 'failed') AS failed,
    percentile_cont(ARRAY[0.5, 0.95])
        WITHIN GROUP (ORDER BY date_part('epoch', finished_at - started_at))
FROM jobs_jobrun
WHERE finished_at >= %(since)s AND kind = '' AND state IN ('succeeded', 'failed')
GROUP BY name ORDER BY failed DESC, count(*) DESC, name LIMIT %(most)s
"""
# What `grouping(queue, lane)` says of a row.
_PARTS: Final = {1: "queue", 2: "lane", 3: "all"}
Key = tuple[str, str]


def report(period: Period) -> Report:
    """Four queries, and Redis is asked for tickets and closed lanes. Raises `TooMuchToDraw`."""
    now = timezone.now()
    since = EPOCH + (now - EPOCH) // period.step * period.step - (period.bars - 1) * period.step
    values = {"now": now, "since": since, "step": period.step, "most": MOST_TASKS}
    with _patience():
        totals, moments = _ended(values)
        found = _Found(
            totals, moments, _waiting(values), _open(values),
            [since + n * period.step for n in range(period.bars)],
        )  # fmt: skip
        tasks = [Task(name, ended, failed, *(run or (None, None)))
                 for name, ended, failed, run in _rows(_TASKS, values)]  # fmt: skip
    closed = _closed()
    vendors = {name for kind, name in found.known() if kind == "lane" and name}
    queues = [each.name for each in settings.CELERY_TASK_QUEUES]
    queues += sorted({name for kind, name in found.known() if kind == "queue"} - set(queues))
    tickets = _tickets(queues)
    return Report(
        period=period, since=since, until=now,
        total=totals.get(("all", ""), Numbers()), now=found.now.get(("all", ""), Now()),
        queues=[found.group("queue", name, tickets=tickets.get(name)) for name in queues],
        lanes=[
            found.group("lane", name, closed=closed.get(name, []))
            for name in sorted(vendors | closed.keys() | settings.JOB_LANES.keys())
        ],
        tasks=tasks, has_broker=bool(tickets),
    )  # fmt: skip


@dataclass(frozen=True)
class _Found:
    totals: dict[Key, Numbers]
    moments: dict[tuple[Key, datetime], Numbers]
    waiting: dict[tuple[Key, datetime], int]
    now: dict[Key, Now]
    starts: list[datetime]

    def known(self) -> set[Key]:
        return {*self.totals, *self.now, *(key for key, _ in self.waiting)}

    def group(self, kind: str, name: str, **about: Any) -> Group:
        key, waiting, moments = (kind, name), 0, []
        for start in self.starts:
            waiting += self.waiting.get((key, start), 0)
            moments.append(Moment(start, self.moments.get((key, start), Numbers()), waiting))
        total, now = self.totals.get(key, Numbers()), self.now.get(key, Now())
        return Group(kind, name, total, moments, now, **about)


@contextmanager
def _patience() -> Iterator[None]:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooMuchToDraw("Choose a shorter period.") from error
        raise


def _ended(values: dict[str, Any]) -> tuple[dict[Key, Numbers], dict[Any, Numbers]]:
    totals, moments = {}, {}
    for queue, lane, start, part, ended, failed, waits in _rows(_ENDED, values):
        numbers = Numbers(ended, failed, *(waits or (None, None)))
        if start is None:
            totals[_key(part, queue, lane)] = numbers
        else:
            moments[_key(part, queue, lane), start] = numbers
    return totals, moments


def _waiting(values: dict[str, Any]) -> dict[tuple[Key, datetime], int]:
    return {
        (_key(part, queue, lane), start): number
        for queue, lane, start, part, number in _rows(_WAITING, values)
    }


def _open(values: dict[str, Any]) -> dict[Key, Now]:
    return {
        _key(part, queue, lane): Now(*counts) for queue, lane, part, *counts in _rows(_OPEN, values)
    }


def _key(part: int, queue: str | None, lane: str | None) -> Key:
    return _PARTS[part], queue or lane or ""


def _rows(statement: str, values: dict[str, Any]) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        yield from cursor.fetchall()


def _tickets(queues: list[str]) -> dict[str, int]:
    """Messages in the broker's queues; empty when it cannot be asked."""
    try:
        asked = _broker(settings.CELERY_BROKER_URL).pipeline()
        for name in queues:
            asked.llen(name)
        return dict(zip(queues, asked.execute(), strict=True))
    except RedisError:
        return {}


def _closed() -> dict[str, list[tuple[str, datetime]]]:
    found: dict[str, list[tuple[str, datetime]]] = {}
    for lane, until in sorted(lanes.closed_until().items()):
        vendor = lane.partition(":")[0]
        found.setdefault(vendor, []).append((lane, datetime.fromtimestamp(until, UTC)))
    return found


@cache
def _broker(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=SECONDS_TO_REDIS, socket_connect_timeout=SECONDS_TO_REDIS,
        retry=Retry(NoBackoff(), 0),
    )  # fmt: skip
