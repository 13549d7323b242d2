"""How often somebody may try to get in, counted in Redis for all processes.

Each limit is a sliding window of `limits`, counted before the attempt is made, so that parallel
attempts cannot slip by. Without Redis nothing can be counted, and nobody is let in.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from apps.core.errors import DomainError

SECONDS_TO_REDIS = 2
CLOSED_FOR = 15


class TooManyAttempts(DomainError):
    """`retry_after`: in how many seconds the next attempt counts."""

    code = "too_many_attempts"
    status = 429
    title = "Too many attempts"

    def __init__(self, retry_after: int) -> None:
        minutes = math.ceil(retry_after / 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"Too many attempts. Wait {wait}, then try again.")
        self.retry_after = retry_after


class SignInClosed(DomainError):
    code = "sign_in_closed"
    status = 503
    title = "Nobody can sign in at the moment"

    def __init__(self) -> None:
        super().__init__(
            "A part of this service that keeps sign-in safe is out of order, so it is closed for "
            "a moment. Whoever is signed in goes on as before. Please try again soon."
        )
        self.retry_after = CLOSED_FOR


def take(action: str, key: str, rates: str) -> None:
    """Count one attempt of `key` (an address, an account, anything); `rates` reads
    `5/5 minute;50/day`. Raises `TooManyAttempts`, or `SignInClosed` when Redis is out of reach.
    """
    name = _name(key)
    try:
        for rate in _parsed(rates):
            if not _limiter(settings.REDIS_URL).hit(rate, "attempts", action, name):
                raise TooManyAttempts(_wait(rate, action, name))
    except (StorageError, RedisError) as error:
        raise SignInClosed from error


def forget(action: str, key: str, rates: str) -> None:
    """Start counting afresh, after an attempt that succeeded."""
    try:
        for rate in _parsed(rates):
            _limiter(settings.REDIS_URL).clear(rate, "attempts", action, _name(key))
    except (StorageError, RedisError) as error:
        raise SignInClosed from error


@contextmanager
def counting_wrong(*limits: tuple[str, str, str]) -> Iterator[list[bool]]:
    """For many people behind one address: only wrong attempts count. Each limit is an action, a key
    and rates as `take` has them; raises as `take` does where one is used up. Append to what is
    given to count this attempt as a wrong one:

        with attempts.counting_wrong(("code", address, "30/10 minute")) as wrong: ...
    """
    each = [(rate, a, _name(key)) for a, key, rates in limits for rate in _parsed(rates)]
    limiter = _limiter(settings.REDIS_URL)
    wrong: list[bool] = []
    try:
        for rate, action, name in each:
            if not limiter.test(rate, "attempts", action, name):
                raise TooManyAttempts(_wait(rate, action, name))
        yield wrong
        if wrong:
            for rate, action, name in each:
                limiter.hit(rate, "attempts", action, name)
    except (StorageError, RedisError) as error:
        raise SignInClosed from error


@cache
def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    limits = {"socket_timeout": SECONDS_TO_REDIS, "socket_connect_timeout": SECONDS_TO_REDIS}
    return SlidingWindowCounterRateLimiter(storage_from_string(url, wrap_exceptions=True, **limits))


@cache
def _parsed(rates: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rates))


def _wait(rate: RateLimitItem, action: str, name: str) -> int:
    window = _limiter(settings.REDIS_URL).get_window_stats(rate, "attempts", action, name)
    return max(1, math.ceil(window.reset_time - time.time()))


def _name(key: str) -> str:
    """No address and no e-mail stands in Redis in the clear."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{key}".encode()).hexdigest()[:32]
