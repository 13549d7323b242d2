"""Migrations of the app `marks` for releases that tests invent, and looks at schemas."""

from __future__ import annotations

from typing import Any

from django.db import connection, connections

from apps.fleet.services.ownership import owner_alias

ADD_COLOUR = """
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
]
"""
ADD_INDEX = """
atomic = False
operations = [
    AddIndexConcurrently("workspacemark", models.Index(fields=["written_at"], name="mark_written")),
]
"""


def run_as_owner(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connections[owner_alias()].cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def schemas_like(pattern: str) -> set[str]:
    """Names in the database itself, whatever the ledger says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [pattern])
        return {name for (name,) in cursor.fetchall()}
