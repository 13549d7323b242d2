"""Told by `manage.py check --database default` and before every migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004 -- Django's own name
from django.db import Error

from apps.fleet.services import versions


def check_version(*_: Any, databases: Sequence[str] | None = None, **__: Any) -> list[CheckMessage]:
    """Whether the database has been brought up to the code's workspace migrations."""
    if not databases or "default" not in databases:
        return []
    try:
        version = versions.current()
    except Error:  # before the first migration there is nothing to ask
        return []
    if version is not None and not versions.is_behind(version):
        return []
    return [
        Warning(
            "The workspaces' schemas are behind the code.",
            hint="Run `manage.py fleet migrate`; until then no workspace can be set up.",
            id="fleet.W001",
        )
    ]
