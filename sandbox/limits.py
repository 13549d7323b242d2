"""Requests per minute, counted per key owner and endpoint as Open Cloud does.

https://create.roblox.com/docs/cloud/reference/errors and the rate limits noted at each
method of the reference: all keys of one owner draw on the same allowance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60.0


@dataclass(frozen=True)
class Allowance:
    granted: bool
    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        found = {
            "x-ratelimit-limit": f"{self.limit}, {self.limit};w={WINDOW:.0f}",
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }
        return found if self.granted else {**found, "retry-after": str(self.reset)}


class RateLimits:
    """Fixed windows that begin with the first request after the last window's end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[int, str], tuple[float, int]] = {}

    def take(self, owner_id: int, endpoint: str, per_minute: int) -> Allowance:
        start, used = self._windows.get((owner_id, endpoint), (self._clock(), 0))
        if self._clock() - start >= WINDOW:
            start, used = self._clock(), 0
        granted = used < per_minute
        used += granted
        self._windows[owner_id, endpoint] = (start, used)
        reset = max(1, math.ceil(start + WINDOW - self._clock()))
        return Allowance(granted, per_minute, per_minute - used, reset)

    def clear(self) -> None:
        self._windows.clear()
