"""Calendar months of UTC, each by its first day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

YEAR = 12


def midnight(day: date) -> datetime:
    """When the day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def next_month(day: date) -> date:
    """The month after the one of `day`."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def months_until(last: date, number: int) -> list[date]:
    """`number` months, the last of them the month of `last`, oldest first."""
    first = last.year * YEAR + last.month - number
    return [date((first + n) // YEAR, (first + n) % YEAR + 1, 1) for n in range(number)]
