"""A workspace's PostgreSQL schema: made and brought up to date.

Only the migrations of TENANT_APPS and what they depend on are loaded into a schema's plan.
Stock django-tenants renders the state of every installed app for every schema; dj-stripe
alone makes that minutes (docs/adr/0005).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_tenants.utils import get_public_schema_name, schema_context, schema_exists
from psycopg import sql

Report = Callable[[int, str], None]


def create(*, schema_name: str, report: Report = lambda _percent, _text: None) -> None:
    """Make the schema and all its tables; safe to run again after a half-finished attempt.

    `report` receives percent and a line for people as migrations are applied.
    """
    if not schema_exists(schema_name):
        with schema_context(get_public_schema_name()), connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema_name)))
    migrate(schema_name=schema_name, report=report)


def migrate(*, schema_name: str, report: Report = lambda _percent, _text: None) -> int:
    """Apply what is missing; returns the number of migrations applied. Two runs cannot overlap."""
    with schema_context(schema_name), _only_one(schema_name):
        executor = MigrationExecutor(connection)
        targets = _targets(executor)
        plan = executor.migration_plan(targets)
        done = 0

        def follow(action: str, migration: Any = None, _fake: bool = False) -> None:  # noqa: FBT001, FBT002
            nonlocal done
            if action == "apply_success":
                done += 1
                report(round(100 * done / len(plan)), f"{migration.app_label}.{migration.name}")

        executor.progress_callback = follow  # type: ignore[assignment]
        if plan:
            executor.migrate(targets, plan=plan)
        return done


def drop(*, schema_name: str) -> None:
    """Remove the schema with everything in it."""
    with schema_context(get_public_schema_name()), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_name))
        )


def _targets(executor: MigrationExecutor) -> list[tuple[str, str]]:
    labels = {c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS}
    return [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]


@contextmanager
def _only_one(schema_name: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 815))", [schema_name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 815))", [schema_name])
