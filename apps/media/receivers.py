"""What this floor hears from below: a workspace is being removed."""

from __future__ import annotations

from typing import Any

from apps.media.services import blobs
from apps.tenants.signals import workspace_purging


def connect() -> None:
    workspace_purging.connect(remove_files, dispatch_uid="media-remove-files")


def remove_files(schema_name: str, **_: Any) -> None:
    blobs.remove_all(schema_name=schema_name)
