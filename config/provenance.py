"""The workspace a line of the log or an error report comes from."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any


def name_in_log(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: `workspace` is the present one's schema, unless the line says another;
    lines from outside of workspaces have none.
    """
    if schema := _present():
        event.setdefault("workspace", schema)
    return event


def name_in_report(report: Any) -> Any:
    """A Sentry report with the workspace as a tag, by which its errors can be counted."""
    if schema := _present():
        report.setdefault("tags", {})["workspace"] = schema
    return report


def _present() -> str:
    # Settings are read before the backend can be.
    from apps.core.postgresql.workspace import PUBLIC_SCHEMA, current

    schema = current().schema_name
    return "" if schema == PUBLIC_SCHEMA else schema
