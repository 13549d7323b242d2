"""How long something took, in the words of a page."""

from __future__ import annotations

from datetime import datetime

from django import template

register = template.Library()
MINUTE = 60  # seconds
HOUR = 60  # minutes


@register.filter
def elapsed(start: datetime, end: datetime) -> str:
    """`340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`; a clock that ran backwards counts as none."""
    seconds = max((end - start).total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    if minutes < HOUR:
        return f"{minutes} min {rest} s"
    return f"{minutes // HOUR} h {minutes % HOUR} min"
