"""How often something may happen, counted in Redis for all processes.

```python
MESSAGES = rates.Meter("messages", rates.Window.MOVING)
wait = MESSAGES.take("5/minute;50/day", school)  # 0.0, or the seconds until there is room
```

Without Redis nothing can be counted: `Uncounted` is raised after two seconds at most, and whoever
asked decides whether that lets through or refuses. Calls of the API are counted elsewhere, several
limits in one script (`gateway.admission`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import cast

from django.conf import settings
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import (
    FixedWindowRateLimiter,
    MovingWindowRateLimiter,
    RateLimiter,
    SlidingWindowCounterRateLimiter,
)
from redis.exceptions import RedisError

SECONDS_TO_REDIS = 2


class Uncounted(Exception):
    """Redis is out of reach."""


class Window(Enum):
    """How the time is looked at (https://limits.readthedocs.io/en/stable/strategies.html)."""

    # Never more in any stretch of that length; every hit is remembered.
    MOVING = MovingWindowRateLimiter
    # The same but for a rounding, of two counters.
    SLIDING = SlidingWindowCounterRateLimiter
    # One counter; around its turn up to twice as many.
    FIXED = FixedWindowRateLimiter


@dataclass(frozen=True)
class Meter:
    """Counts of one kind. Rates read `5/5 minute;50/day`; a key is one or more texts."""

    kind: str
    window: Window

    def take(self, rates: str, *key: str) -> float:
        """Count once and give 0.0, or the seconds until there is room and count nothing for the
        rate that is used up.
        """
        with _reaching_redis():
            for rate in _parsed(rates):
                if not self._limiter.hit(rate, self.kind, *key):
                    return self._wait(rate, key)
        return 0.0

    def wait(self, rates: str, *key: str) -> float:
        """What `take` would give, without counting."""
        with _reaching_redis():
            for rate in _parsed(rates):
                if not self._limiter.test(rate, self.kind, *key):
                    return self._wait(rate, key)
        return 0.0

    def count(self, rates: str, *key: str) -> None:
        """Count once for each of the rates, whether there is room or not."""
        with _reaching_redis():
            for rate in _parsed(rates):
                self._limiter.hit(rate, self.kind, *key)

    def forget(self, rates: str, *key: str) -> None:
        """Start counting afresh."""
        with _reaching_redis():
            for rate in _parsed(rates):
                self._limiter.clear(rate, self.kind, *key)

    def _wait(self, rate: RateLimitItem, key: tuple[str, ...]) -> float:
        """Of a full window the oldest makes room first."""
        left = self._limiter.get_window_stats(rate, self.kind, *key).reset_time - time.time()
        return max(0.1, min(left, rate.get_expiry()))

    @property
    def _limiter(self) -> RateLimiter:
        return _limiter(settings.REDIS_URL, self.window)


@contextmanager
def _reaching_redis() -> Iterator[None]:
    try:
        yield
    except (StorageError, RedisError) as error:
        raise Uncounted from error


@cache
def _parsed(rates: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rates))


@cache
def _limiter(url: str, window: Window) -> RateLimiter:
    made: RateLimiter = window.value(_storage(url))
    return made


@cache
def _storage(url: str) -> Storage:
    patience = {"socket_timeout": SECONDS_TO_REDIS, "socket_connect_timeout": SECONDS_TO_REDIS}
    return cast("Storage", storage_from_string(url, wrap_exceptions=True, **patience))
