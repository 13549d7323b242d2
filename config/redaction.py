"""Secrets that stand in addresses, and card numbers, kept out of logs and error reports."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from apps.core import card_numbers

# One-time links sign somebody in or let them set a password: who reads a log must not.
_SECRET = re.compile(
    r"(/invitations/(?=[\w-]{43})|/password/reset/key/|/confirm-email/|/mail/unsubscribe/|\bticket=)"
    r"[^/?&#\s'\"]+"
)


def hide(value: Any) -> Any:
    """`value` without the secret part of every address and without card numbers in its strings."""
    if isinstance(value, str):
        return card_numbers.mask(_SECRET.sub(r"\1…", value))
    if isinstance(value, dict):
        return {name: hide(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(hide(inner) for inner in value)
    return value


def hide_in_log(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The same as a structlog processor."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = hide(value)
    return event


def hide_in_report(report: Any, _hint: Any) -> Any:
    """The same as Sentry's `before_send`."""
    return hide(report)
