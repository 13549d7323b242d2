"""How often somebody may try to get in.

Each limit is a sliding window (`core.rates`), counted before the attempt is made, so that parallel
attempts cannot slip by. Without Redis nothing can be counted, and nobody is let in.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from apps.core.errors import DomainError
from apps.core.rates import Meter, Uncounted, Window

CLOSED_FOR = 15
ATTEMPTS = Meter("attempts", Window.SLIDING)


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
    with _closed_without_redis():
        _refuse(ATTEMPTS.take(rates, action, _name(key)))


def forget(action: str, key: str, rates: str) -> None:
    """Start counting afresh, after an attempt that succeeded."""
    with _closed_without_redis():
        ATTEMPTS.forget(rates, action, _name(key))


@contextmanager
def counting_wrong(*limits: tuple[str, str, str]) -> Iterator[list[bool]]:
    """For many people behind one address: only wrong attempts count. Each limit is an action, a key
    and rates as `take` has them; raises as `take` does where one is used up. Append to what is
    given to count this attempt as a wrong one:

        with attempts.counting_wrong(("code", address, "30/10 minute")) as wrong: ...
    """
    wrong: list[bool] = []
    with _closed_without_redis():
        for action, key, rates in limits:
            _refuse(ATTEMPTS.wait(rates, action, _name(key)))
        yield wrong
        for action, key, rates in limits if wrong else ():
            ATTEMPTS.count(rates, action, _name(key))


@contextmanager
def _closed_without_redis() -> Iterator[None]:
    try:
        yield
    except Uncounted as error:
        raise SignInClosed from error


def _refuse(wait: float) -> None:
    if wait:
        raise TooManyAttempts(max(1, math.ceil(wait)))


def _name(key: str) -> str:
    """No address and no e-mail stands in Redis in the clear."""
    return hashlib.sha256(f"{settings.SECRET_KEY}:{key}".encode()).hexdigest()[:32]
