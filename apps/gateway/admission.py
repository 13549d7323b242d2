"""May this request come in? All of its limits, and the plan's count of calls, in one round trip.

A limit is a quota of credits within a window that slides: in no stretch of `window` seconds are
more let in, whatever process asks, and none of it is used up by a request that is refused. Redis
keeps a hash for each limit: how much was let in, by sixtieths of the window, and their sum. Time is
that of Redis, so clocks of servers need not agree.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import redis
import structlog
from django.conf import settings
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from apps.gateway import scripts
from apps.tenants.models import Tenant
from apps.usage.services import api_calls, counters, usage

WINDOW: Final = 60  # seconds
PARTS: Final = 60  # of the window, by which what was let in is dropped
# How long a process does without Redis after it was not there: requests shall not wait in a row.
PAUSE: Final = 1.0
NOT_COUNTED: Final = -1

log = structlog.get_logger(__name__)


# Address of a Redis to until when, by this process' clock, it is not asked.
_away: dict[str, float] = {}


@dataclass(frozen=True)
class Limit:
    """At most `quota` credits within the window. `name` is what its holder is told of it, `key`
    whose it is.
    """

    name: str
    key: str
    quota: int


@dataclass(frozen=True)
class State:
    """A limit after a request: what is left, and in how many seconds some of it comes back; for a
    limit that is violated, in how many there is room for this request.
    """

    limit: Limit
    left: int
    seconds: int
    is_violated: bool


@dataclass(frozen=True)
class Admission:
    """Nothing is known of limits (`states` is empty) when Redis is away: the request is let in."""

    cost: int
    states: tuple[State, ...] = ()

    @property
    def violated(self) -> list[State]:
        return [state for state in self.states if state.is_violated]

    @property
    def retry_after(self) -> int:
        return max((state.seconds for state in self.violated), default=0)

    def headers(self) -> dict[str, str]:
        """`RateLimit` fields as of draft-ietf-httpapi-ratelimit-headers-10: of each policy its
        quota `q` and window `w`, and what remains of it `r` with the seconds `t` until more does.
        """
        found = {"X-Request-Cost": str(self.cost)}
        if self.states:
            found["RateLimit-Policy"] = ", ".join(
                f'"{s.limit.name}";q={s.limit.quota};w={WINDOW}' for s in self.states
            )
            found["RateLimit"] = ", ".join(
                f'"{s.limit.name}";r={s.left};t={s.seconds}' for s in self.states
            )
        if self.violated:
            found["Retry-After"] = str(self.retry_after)
        return found


def admit(
    *, tenant: Tenant, limits: Sequence[Limit], cost: int = 1, at: float | None = None
) -> Admission:
    """Let a request in and count it, or find out which limits it violates, in one round trip.
    Raises `CallLimitReached` when the plan's calls of the day or month are used up.

    `at`: another time than Redis' own, in seconds since 1970. Without Redis all are let in.
    """
    ceiling = api_calls.ceiling_of(tenant)
    keys = [counters.key_of(usage.today()), *(limit.key for limit in limits)]
    about = counters.arguments(schema_name=tenant.schema_name, most=ceiling.most)
    found = _ask(
        scripts.ADMIT, keys, [*_when(at, cost), *about, *(limit.quota for limit in limits)]
    )
    if found is None:
        return Admission(cost)
    taken, now, *numbers = found
    if taken != NOT_COUNTED:
        api_calls.judge(taken=bool(taken), now=now, ceiling=ceiling, tenant=tenant)
    return Admission(cost, _states(limits, numbers, cost))


def hit(*, limits: Sequence[Limit], at: float | None = None) -> Admission:
    """Count something else than a call against limits, as a refused key."""
    keys = [limit.key for limit in limits]
    found = _ask(scripts.HIT, keys, [*_when(at, 1), *(limit.quota for limit in limits)])
    return Admission(1, _states(limits, found or [], 1) if found else ())


def rates_of(tenant: Tenant) -> Mapping[str, int]:
    """What the workspace's plan allows a `key`, a `person` and the `workspace` within a window."""
    return api_calls.ceiling_of(tenant).rates


def is_away() -> bool:
    """Whether this process goes without Redis at the moment."""
    return time.monotonic() < _away.get(settings.REDIS_URL, 0.0)


def _states(limits: Sequence[Limit], numbers: Sequence[int], cost: int) -> tuple[State, ...]:
    pairs = [(limit, numbers[2 * n], numbers[2 * n + 1]) for n, limit in enumerate(limits)]
    is_open = all(used + cost <= limit.quota for limit, used, _ in pairs)
    return tuple(
        State(
            limit=limit,
            left=max(0, limit.quota - used - (cost if is_open else 0)),
            seconds=max(1, seconds),
            is_violated=used + cost > limit.quota,
        )
        for limit, used, seconds in pairs
    )


def _when(at: float | None, cost: int) -> list[float | int]:
    return [-1 if at is None else at, cost, WINDOW, PARTS]


def _ask(script: str, keys: Sequence[str], values: Sequence[Any]) -> list[int] | None:
    if is_away():
        return None
    try:
        return _run(_client(settings.REDIS_URL), script, [*keys], [*values])
    except RedisError as error:
        _away[settings.REDIS_URL] = time.monotonic() + PAUSE
        log.warning("limits_unreachable", error=type(error).__name__)
        return None


def _run(client: redis.Redis, script: str, keys: list[str], values: list[Any]) -> list[int]:
    """As redis-py's own scripts, on one connection without its layers of retries and measuring:
    this stands in the way of every request. A connection that has died is replaced once.
    """
    command = ("EVALSHA", _digest(script), len(keys), *keys, *values)
    try:
        return _send(client, *command)
    except NoScriptError:
        return _send(client, "EVAL", script, *command[2:])
    except RedisConnectionError:
        return _send(client, *command)


def _send(client: redis.Redis, *command: Any) -> list[int]:
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        connection.send_command(*command)  # type: ignore[no-untyped-call]
        found: list[int] = connection.read_response()
    except RedisConnectionError:
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.release(connection)
    return found


@cache
def _digest(script: str) -> str:
    # What EVALSHA goes by; nothing secret hangs on it.
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
