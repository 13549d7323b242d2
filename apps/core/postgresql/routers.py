"""Public tables in the public schema, workspace tables in the workspaces'."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections


class WorkspaceRouter:
    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        """For any alias: the schema decides, not who is connected."""
        public = connections[db].schema_name == "public"  # type: ignore[attr-defined]
        config = apps.get_app_config(app_label)
        names = {config.name, f"{config.__module__}.{config.__class__.__name__}"}
        belongs = settings.SHARED_APPS if public else settings.TENANT_APPS
        return None if names & set(belongs) else False
