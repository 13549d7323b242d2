"""The statements of a migration that is not recorded, as `manage.py sqlmigrate` finds them."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django_tenants.utils import schema_context

from apps.fleet.services.releases import Node


def statements(*, loader: MigrationLoader, node: Node, using: str) -> list[str]:
    """For the public schema; empty where they depend on a migration before that is not there yet.
    Nothing is changed.
    """
    migration = loader.get_migration(*node)
    state = loader.project_state(node, at_end=False)
    connection: Any = connections[using]
    with (
        schema_context("public"),
        connection.schema_editor(collect_sql=True, atomic=False) as editor,
    ):
        try:
            migration.apply(state, editor, collect_sql=True)
        except (ValueError, DatabaseError):  # it looks for a constraint that is still to come
            return []
    return [line for line in editor.collected_sql if line and not line.startswith("--")]
