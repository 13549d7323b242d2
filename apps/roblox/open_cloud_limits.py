"""Staying under Open Cloud's limits, which count per key owner across all processes.

A moving window (`core.rates`) never lets more through in any 60 seconds than Roblox allows; a
`retry-after` Roblox gave is kept for every process. Without Redis calls pass: Roblox's own
limit still stands.
"""

from __future__ import annotations

import time

import structlog
from django.core.cache import cache as shared
from redis.exceptions import RedisError

from apps.core.rates import Meter, Uncounted, Window
from apps.roblox.open_cloud_errors import RateLimited

# Roblox's figures (per minute and key owner) are 30, 120, 300, 100, 30, 5000; two calls less
# where they are small, for the time a request spends on its way.
PER_MINUTE = {
    "publish": 28,
    "asset": 115,
    "operation": 290,
    "asset_versions": 95,
    "read": 95,
    "restart": 28,
    "message": 4900,
    "introspect": 28,
}
LONGEST_HOLD = 3600.0
CALLS = Meter("roblox", Window.MOVING)

log = structlog.get_logger(__name__)


def take(owner: str, endpoint: str) -> None:
    """Count one call. Raises `RateLimited` with the seconds until the next may go."""
    try:
        wait = _held(owner, endpoint) or _exhausted(owner, endpoint)
    except (Uncounted, RedisError) as error:
        log.warning("roblox_limits_unreachable", error=type(error).__name__)
        return
    if wait:
        raise RateLimited(
            f"{RateLimited.title}; the next call can go in {wait:.0f} s.", retry_after=wait
        )


def _held(owner: str, endpoint: str) -> float:
    until = shared.get(f"roblox-hold:{owner}:{endpoint}")
    return max(0.0, float(until) - time.time()) if until else 0.0


def _exhausted(owner: str, endpoint: str) -> float:
    wait = CALLS.take(f"{PER_MINUTE[endpoint]}/minute", owner, endpoint)
    return max(1.0, wait) if wait else 0.0


def hold(owner: str, endpoint: str, seconds: float) -> None:
    """Roblox said when to come back: let nobody try before."""
    seconds = min(max(seconds, 1.0), LONGEST_HOLD)
    try:
        shared.set(
            f"roblox-hold:{owner}:{endpoint}", time.time() + seconds, timeout=int(seconds) + 1
        )
    except RedisError as error:
        log.warning("roblox_limits_unreachable", error=type(error).__name__)


def owner_of(fingerprint: str) -> str:
    """Who a key's calls are counted for: its owner once introspection told, else the key."""
    try:
        return str(shared.get(f"roblox-owner:{fingerprint}") or fingerprint)
    except RedisError:
        return fingerprint


def remember_owner(fingerprint: str, owner_id: int) -> None:
    try:
        shared.set(f"roblox-owner:{fingerprint}", str(owner_id), timeout=30 * 24 * 3600)
    except RedisError as error:
        log.warning("roblox_limits_unreachable", error=type(error).__name__)
