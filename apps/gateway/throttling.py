"""Request limits in Redis, correct across processes."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core.database import connection
from apps.usage.services import api_calls


@cache
def limiter() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(
        storage_from_string(settings.REDIS_URL, wrap_exceptions=True)
    )


@cache
def limits() -> tuple[RateLimitItem, ...]:
    return tuple(parse(rate) for rate in settings.API_RATE_LIMITS)


class KeyThrottle(BaseThrottle):
    """Counts requests of one API key or person, and those let in as their workspace's usage.
    Without Redis requests pass: reading and releasing must not stop because the counter did.
    """

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        if not request.user.is_authenticated:
            return True
        schema = connection.schema_name
        who = f"{schema}:{type(request.user).__name__}:{request.user.pk}"
        try:
            let_in = all(self._hit(limit, who) for limit in limits())
        except (StorageError, RedisError):
            return True
        if let_in and (tenant := getattr(request._request, "tenant", None)):
            api_calls.take(tenant=tenant)
        return let_in

    def wait(self) -> float:
        return self._wait

    def _hit(self, limit: RateLimitItem, who: str) -> bool:
        if limiter().hit(limit, "api", who):
            return True
        self._wait = max(
            1.0, limiter().get_window_stats(limit, "api", who).reset_time - time.time()
        )
        return False
