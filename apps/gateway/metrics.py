"""What this process saw of refusals. Labels are few; never a key or an address."""

from __future__ import annotations

from prometheus_client import Counter

from apps.core.metrics import PREFIX, registry

_refused = Counter(
    f"{PREFIX}api_refused",
    "API requests refused for a limit, by whose it was, or for want of a usable key.",
    ["reason"],
    registry=registry,
)
_uncounted = Counter(
    f"{PREFIX}api_uncounted",
    "API requests that were let in without their limits, because Redis was away.",
    registry=registry,
)


def refused(reason: str) -> None:
    """`reason`: a limit's name, or the code of a refused key."""
    _refused.labels(reason).inc()


def uncounted() -> None:
    _uncounted.inc()
