"""Numbers as people read them."""

from __future__ import annotations

from apps.usage.plans import Unit

STEP = 1024
UNITS = ("bytes", "KB", "MB", "GB", "TB")


def amount(number: int, unit: Unit) -> str:
    """`12,000` of a count, `1.5 GB` or `2 GB` of bytes (steps of 1,024)."""
    if unit == "count":
        return f"{number:,}"
    size = float(number)
    for name in UNITS:
        if size < STEP or name == UNITS[-1]:
            return f"{size:,.1f}".removesuffix(".0") + f" {name}"
        size /= STEP
    raise AssertionError
