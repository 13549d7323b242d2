"""What `manage.py billing` is given; a mistake is answered with what would be right."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date, timedelta

EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)
MOST_HOURS = 24 * 30


def day(text: str) -> date:
    """`2026-11-30`."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not EARLIEST <= found <= LATEST:
        raise ArgumentTypeError(f"{text!r} is no day. Write it like 2026-11-30.")
    return found


def hours(text: str) -> timedelta:
    """`24`, `0.5`."""
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found <= MOST_HOURS:
        raise ArgumentTypeError(f"{text!r} is no number of hours from 0 to {MOST_HOURS}.")
    return timedelta(hours=found)
