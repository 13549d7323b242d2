"""A circuit breaker for each vendor, whose state all processes share through Redis.

After `FAILURES` failures in a row calls are refused at once; `PAUSE` seconds later one call
is let through to try. Without Redis every circuit counts as closed: a lost counter must not
stop the product. Operators may open and close a circuit by hand (`apps.vendors`).

    breaker.declare("mail", "Mail service")     # by the module that speaks to the vendor
    breaker.guard("mail", call, is_failure=…)   # around its SDK; core.outgoing does so by itself
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeVar, cast

import pybreaker
import redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from apps.core.errors import VendorError

FAILURES = 5
PAUSE = 30  # seconds
OPEN = "open"
BY_HAND = timedelta(days=3650)  # an opening that lies so far ahead is no failure's
KEPT_ERRORS, KEPT_FOR = 10, timedelta(days=7)

log = structlog.get_logger(__name__)
_own = threading.local()
_titles: dict[str, str] = {}
_pauses: dict[str, float] = {}
T = TypeVar("T")
State = Literal["closed", "open", "half-open"]


class BreakerOpen(VendorError):
    """Not tried: the vendor failed too often just now. `retry_after` says when to try again."""

    code = "vendor_paused"
    status = 503
    title = "An outside service is failing, so calls to it are paused"


@dataclass(frozen=True)
class BreakerState:
    """`since`: when it last opened (None while closed); `retry_at`: when a call is tried, None
    where it was opened by hand and stays so.
    """

    vendor: str
    state: State
    since: datetime | None
    failures: int
    retry_at: datetime | None

    @property
    def is_held(self) -> bool:
        return self.state == OPEN and self.retry_at is None


@dataclass(frozen=True)
class Failure:
    at: datetime
    text: str


class _SharedStorage(pybreaker.CircuitRedisStorage):
    def _initialize_redis_state(self, state: str) -> None:
        try:
            super()._initialize_redis_state(state)
        except RedisError as error:
            log.warning("breaker_state_unreachable", error=type(error).__name__)

    def forget_opening(self) -> None:
        """Its time only ever moves on, and one that was set by hand lies far ahead."""
        self._redis.delete(self._namespace("opened_at"))


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _storage(vendor: str) -> Any:
    return _SharedStorage(
        pybreaker.STATE_CLOSED, _redis(settings.REDIS_URL), namespace=f"vendor:{vendor}"
    )


def _breaker(vendor: str, is_failure: Callable[[BaseException], bool]) -> Any:
    """One object a thread: pybreaker holds its lock while the call runs."""
    breakers = _own.__dict__.setdefault("breakers", {})
    key = (vendor, settings.REDIS_URL)
    if key not in breakers:
        breakers[key] = pybreaker.CircuitBreaker(
            fail_max=FAILURES,
            reset_timeout=_pauses.get(vendor, PAUSE),
            exclude=[lambda error: not is_failure(error)],
            state_storage=_storage(vendor),
            throw_new_error_on_trip=False,
        )
    return breakers[key]


def guard(vendor: str, call: Callable[[], T], *, is_failure: Callable[[BaseException], bool]) -> T:
    """Run `call` unless the circuit is open.

    `is_failure` says which exceptions mean that the vendor is unwell; any other outcome is
    a sign of life. A vendor has one such rule: a thread keeps to the first it was given.
    Raises `BreakerOpen`, or whatever `call` raises.
    """
    try:
        return cast("T", _breaker(vendor, is_failure).call(call))
    except pybreaker.CircuitBreakerError as error:
        state = breaker_state(vendor)
        wait = (state.retry_at - datetime.now(UTC)).total_seconds() if state.retry_at else PAUSE
        raise BreakerOpen(
            f"Calls to {_titles.get(vendor, vendor)} are paused after repeated failures.",
            retry_after=max(1.0, wait),
        ) from error
    except Exception as error:
        if is_failure(error):
            _note(vendor, error)
        raise


def breaker_state(vendor: str) -> BreakerState:
    """What every process sees. An open circuit whose pause is over reads as half-open."""
    storage = _storage(vendor)
    state, opened_at = cast("State", storage.state), storage.opened_at
    if state == pybreaker.STATE_CLOSED or opened_at is None:
        return BreakerState(vendor, "closed", None, storage.counter, None)
    if opened_at > datetime.now(UTC):
        return BreakerState(vendor, "open", opened_at - BY_HAND, storage.counter, None)
    retry_at = opened_at + timedelta(seconds=_pauses.get(vendor, PAUSE))
    if state == OPEN and datetime.now(UTC) >= retry_at:
        state = "half-open"
    return BreakerState(vendor, state, opened_at, storage.counter, retry_at)


def close_breaker(vendor: str) -> None:
    """Let calls through again now, as an operator who knows that the vendor is back."""
    storage = _storage(vendor)
    storage.reset_counter()
    storage.forget_opening()
    storage.state = pybreaker.STATE_CLOSED


def open_breaker(vendor: str) -> None:
    """Refuse calls until `close_breaker`, as an operator who wants the vendor left alone."""
    storage = _storage(vendor)
    storage.opened_at = datetime.now(UTC) + BY_HAND
    storage.state = pybreaker.STATE_OPEN


def declare(vendor: str, title: str, *, pause: float = PAUSE) -> None:
    """Name a vendor whose calls go through `guard`, for operators to see; `pause` in seconds."""
    _titles[vendor], _pauses[vendor] = title, pause


def declared() -> dict[str, str]:
    """Every vendor that this process may call, with its title, by name."""
    return dict(sorted(_titles.items()))


def failures_of(vendor: str) -> list[Failure]:
    """The last ones, newest first, for a week; what was said may hold addresses, so operators
    alone are shown it.
    """
    kept = cast("list[bytes]", _redis(settings.REDIS_URL).lrange(_errors(vendor), 0, -1))
    found = [json.loads(each) for each in kept]
    return [Failure(datetime.fromisoformat(each["at"]), each["text"]) for each in found]


def _errors(vendor: str) -> str:
    return f"vendor:{vendor}:errors"


def _note(vendor: str, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[:300]
    line = json.dumps({"at": datetime.now(UTC).isoformat(), "text": text})
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            pipe.lpush(_errors(vendor), line)
            pipe.ltrim(_errors(vendor), 0, KEPT_ERRORS - 1)
            pipe.expire(_errors(vendor), KEPT_FOR)
            pipe.execute()
    except RedisError as unreachable:
        log.warning("breaker_state_unreachable", error=type(unreachable).__name__)
