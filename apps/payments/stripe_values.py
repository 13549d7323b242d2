"""How Stripe writes times and names of other objects: https://docs.stripe.com/api."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, overload


@overload
def moment(seconds: float) -> datetime: ...
@overload
def moment(seconds: None) -> None: ...
@overload
def moment(seconds: float | None) -> datetime | None: ...
def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as a time of UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def day(seconds: float) -> date:
    """The day of UTC in which it is."""
    return moment(seconds).date()


def identity(named: Any) -> str:
    """The id of what an object refers to, expanded or not; empty for nothing."""
    return str((named["id"] if isinstance(named, Mapping) else named) or "")
