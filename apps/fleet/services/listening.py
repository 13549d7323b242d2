"""Listening to what Django's executor sends, to be sent again to other schemas."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.migrations import Migration, RunPython
from django.db.migrations.operations import SeparateDatabaseAndState

from apps.fleet.models import SchemaStep

READS = re.compile(
    r"\s*((SELECT|SHOW|EXPLAIN|SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|START|DECLARE|FETCH|CLOSE)\b"
    r"|SET\s+(?!CONSTRAINTS)[^;]*$)",
    re.IGNORECASE,
)
CHANGES = re.compile(r"\b(setval|nextval)\s*\(", re.IGNORECASE)
ROWS = re.compile(
    r'\s*(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE)\s+"?(?P<table>[\w$]+)"?', re.IGNORECASE
)
CONCURRENTLY = re.compile(
    r"^(\s*(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX))\s+CONCURRENTLY\b", re.IGNORECASE
)
DJANGOS_OWN = ("django.db.migrations.", "django.contrib.postgres.")


class Listener:
    """An execute wrapper that keeps every statement that changes something, parameters filled in.

    Rows of the tables it is `deaf_to` are left out. Of a workspace's schema these are the rows of
    `django_migrations`, whoever replays notes them anew, and of public tables, which are about the
    schema that was listened to.
    """

    def __init__(self, connection: Any, *, deaf_to: frozenset[str] | None = None) -> None:
        self._connection = connection
        self._deaf_to = _elsewhere() if deaf_to is None else deaf_to
        self._heard: list[str] = []

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        result = execute(sql, params, many, context)
        for one in params if many else [params]:
            statement = str(self._connection.ops.compose_sql(sql, one)).strip().rstrip(";")
            if self._changes(statement):
                self._heard.append(statement)
        return result

    def take(self) -> list[str]:
        """What was heard since the last time."""
        heard, self._heard = self._heard, []
        return heard

    def _changes(self, statement: str) -> bool:
        rows = ROWS.match(statement)
        if rows and rows["table"] in self._deaf_to:
            return False
        return not READS.match(statement) or bool(CHANGES.search(statement))


def mode_of(migration: Migration, statements: list[str]) -> SchemaStep.Mode:
    """How a migration can be brought to schemas that hold rows."""
    if any(needs_python(operation) for operation in migration.operations):
        return SchemaStep.Mode.PYTHON
    if not migration.atomic or any(CONCURRENTLY.match(each) for each in statements):
        return SchemaStep.Mode.CONCURRENT
    return SchemaStep.Mode.REPLAY


def needs_python(operation: Any) -> bool:
    """Whether what it sends may depend on the rows it finds."""
    if type(operation) is RunPython:
        return {operation.code, operation.reverse_code} - {RunPython.noop, None} != set()
    if isinstance(operation, SeparateDatabaseAndState):
        return any(needs_python(each) for each in operation.database_operations)
    if getattr(operation, "replayable", False):  # apps.fleet.operations
        return False
    return not type(operation).__module__.startswith(DJANGOS_OWN)


def for_empty(statements: list[str]) -> list[str]:
    """The same for a schema without rows, where everything fits into one transaction."""
    return [CONCURRENTLY.sub(r"\1", statement) for statement in statements]


def noting(migrations: list[tuple[str, str]]) -> str:
    """The statement that notes migrations as applied, now."""
    values = ", ".join(f"({_literal(app)}, {_literal(name)}, now())" for app, name in migrations)
    return f"INSERT INTO django_migrations (app, name, applied) VALUES {values}"  # noqa: S608


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@cache
def _elsewhere() -> frozenset[str]:
    """Tables whose rows do not belong to a workspace's schema as such."""
    shared = [c for c in apps.get_app_configs() if c.name not in settings.TENANT_APPS]
    models = [m for c in shared for m in c.get_models(include_auto_created=True)]
    return frozenset({m._meta.db_table for m in models} | {"django_migrations"})
