"""Calendar arithmetic of billing periods, in UTC and in seconds since 1970."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

LENGTHS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def add_months(seconds: int, months: int) -> int:
    """The same day of a later month, or its last day."""
    start = moment(seconds)
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def nth(anchor: int, interval: str, count: int, times: int) -> int:
    """The end of the period number `times`; counted from the anchor, so that 31st stays 31st."""
    if interval in LENGTHS:
        return anchor + int(LENGTHS[interval].total_seconds()) * count * times
    return add_months(anchor, times * count * (12 if interval == "year" else 1))


def next_after(anchor: int, interval: str, count: int, now: int) -> int:
    """The first end of a period later than `now`."""
    times = 1
    if now > anchor:
        longest = {"day": 86_400, "week": 604_800, "month": 2_678_400, "year": 31_622_400}
        times = max(1, (now - anchor) // (longest[interval] * count))
    while nth(anchor, interval, count, times) <= now:
        times += 1
    return nth(anchor, interval, count, times)


def shown(seconds: int | None) -> str:
    return f"{moment(seconds):%-d %b %Y}" if seconds else ""
