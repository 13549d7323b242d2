"""Secrets that stand in addresses, kept out of logs and error reports."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

# One-time links sign somebody in or let them set a password: who reads a log must not.
_SECRET = re.compile(
    r"(/invitations/(?=[\w-]{43})|/password/reset/key/|/confirm-email/|/mail/unsubscribe/|\bticket=)"
    r"[^/?&#\s'\"]+"
)


def hide(value: Any) -> Any:
    """`value` with the secret part of every address in its strings left out."""
    if isinstance(value, str):
        return _SECRET.sub(r"\1…", value)
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
