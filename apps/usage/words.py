"""Numbers as people read them."""

from __future__ import annotations

from decimal import Decimal

from apps.core.money import number
from apps.usage.plans import Unit

STEP = 1024
UNITS = ("bytes", "KB", "MB", "GB", "TB")


def amount(value: int, unit: Unit) -> str:
    """`12,000` of a count, `1.5 GB` or `2 GB` of bytes (steps of 1,024), as the active language
    writes numbers.
    """
    if unit == "count":
        return number(value)
    size = float(value)
    for name in UNITS:
        if size < STEP or name == UNITS[-1]:
            return f"{number(Decimal(f'{size:.1f}'))} {name}"
        size /= STEP
    raise AssertionError
