"""Requests that nobody was behind: counted by address, so that guessing keys comes to an end.

A key that is known here is never refused for what others do from its address, be it a school's.
"""

from __future__ import annotations

import time
from typing import Final

from apps.gateway import admission, networks
from apps.gateway.admission import Admission, Limit
from apps.gateway.throttling import refusal

QUOTA: Final = 60  # within a window
MOST_BARRED: Final = 10_000
# Address to until when, by this process' clock, it is not even looked at.
_barred: dict[str, float] = {}


def count(address: str) -> Admission | None:
    """Count one; what is known then, or None where no limit is violated."""
    if not address:
        return None
    group = networks.group_of(address)
    found = admission.hit(limits=[Limit("refused", f"limit:refused:{group}", QUOTA)])
    if not found.violated:
        return None
    if len(_barred) >= MOST_BARRED:
        _barred.clear()
    _barred[group] = time.monotonic() + found.retry_after
    return found


def any_are_barred() -> bool:
    """Whether this process looks at some addresses no more."""
    return bool(_barred)


def require_room(address: str) -> None:
    """Raises `RateLimited` for an address that was refused too often, without a round trip."""
    until = _barred.get(networks.group_of(address)) if address and _barred else None
    if until is None:
        return
    seconds = until - time.monotonic()
    if seconds <= 0:
        _barred.pop(networks.group_of(address), None)
        return
    limit = Limit("refused", "", QUOTA)
    raise refusal(
        Admission(1, (admission.State(limit, 0, max(1, round(seconds)), is_violated=True),))
    )


def forget() -> None:
    """Look at every address again, in this process."""
    _barred.clear()
