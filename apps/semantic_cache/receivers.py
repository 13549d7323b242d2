"""What this floor hears from below: a workspace is being removed."""

from __future__ import annotations

from typing import Any

from apps.semantic_cache.services import answers
from apps.tenants.signals import workspace_purging


def connect() -> None:
    workspace_purging.connect(forget_answers, dispatch_uid="semantic-cache-forget")


def forget_answers(schema_name: str, **_: Any) -> None:
    """LangCache out of reach holds the removal up, which is tried again later."""
    answers.forget_workspace(schema_name=schema_name)
