"""A circuit breaker for each vendor, whose state all processes share through Redis.

After `FAILURES` failures in a row calls are refused at once; `PAUSE` seconds later one call
is let through to try. Without Redis every circuit counts as closed: a lost counter must not
stop the product.
"""

from __future__ import annotations

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

log = structlog.get_logger(__name__)
_own = threading.local()
T = TypeVar("T")
State = Literal["closed", "open", "half-open"]


class BreakerOpen(VendorError):
    """Not tried: the vendor failed too often just now. `retry_after` says when to try again."""

    code = "vendor_paused"
    status = 503
    title = "An outside service is failing, so calls to it are paused"


@dataclass(frozen=True)
class BreakerState:
    """`since`: when it last opened (None while closed); `retry_at`: when a call is tried."""

    vendor: str
    state: State
    since: datetime | None
    failures: int
    retry_at: datetime | None


class _SharedStorage(pybreaker.CircuitRedisStorage):
    def _initialize_redis_state(self, state: str) -> None:
        try:
            super()._initialize_redis_state(state)
        except RedisError as error:
            log.warning("breaker_state_unreachable", error=type(error).__name__)


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
            reset_timeout=PAUSE,
            exclude=[lambda error: not is_failure(error)],
            state_storage=_storage(vendor),
            throw_new_error_on_trip=False,
        )
    return breakers[key]


def guard(vendor: str, call: Callable[[], T], *, is_failure: Callable[[BaseException], bool]) -> T:
    """Run `call` unless the circuit is open.

    `is_failure` says which exceptions mean that the vendor is unwell; any other outcome is
    a sign of life. Raises `BreakerOpen`, or whatever `call` raises.
    """
    try:
        return cast("T", _breaker(vendor, is_failure).call(call))
    except pybreaker.CircuitBreakerError as error:
        state = breaker_state(vendor)
        wait = (state.retry_at - datetime.now(UTC)).total_seconds() if state.retry_at else PAUSE
        raise BreakerOpen(
            f"Calls to {vendor.capitalize()} are paused after repeated failures.",
            retry_after=max(1.0, wait),
        ) from error


def breaker_state(vendor: str) -> BreakerState:
    """What every process sees. An open circuit whose pause is over reads as half-open."""
    storage = _storage(vendor)
    state, opened_at = cast("State", storage.state), storage.opened_at
    if state == pybreaker.STATE_CLOSED or opened_at is None:
        return BreakerState(vendor, "closed", None, storage.counter, None)
    retry_at = opened_at + timedelta(seconds=PAUSE)
    if state == OPEN and datetime.now(UTC) >= retry_at:
        state = "half-open"
    return BreakerState(vendor, state, opened_at, storage.counter, retry_at)


def close_breaker(vendor: str) -> None:
    """Let calls through again now, as an operator who knows that the vendor is back."""
    storage = _storage(vendor)
    storage.reset_counter()
    storage.state = pybreaker.STATE_CLOSED
