"""An older export in newer code: its rows pass through a schema of its own time.

The schema is built at the migrations the export names, filled, verified against the export's
hashes, and then migrated by Django's own executor, data migrations and all. What stands there at
the end is written out again and imported like an export of today. The scratch schema is gone
afterwards; what a killed run leaves is dropped by the next recording or upgrade.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.fleet.services import executors
from apps.fleet.services.fingerprints import Key, migrations_of_code
from apps.fleet.services.ownership import as_owner, run, take_turn
from apps.transfers.errors import ExportDamaged, ExportNewer
from apps.transfers.services import rows

Fill = Callable[[str], None]
LEFTOVERS = r"SELECT nspname FROM pg_namespace WHERE nspname ~ '^scratch_[0-9a-f]{12}$'"
NAMES = "SELECT tablename FROM pg_tables WHERE schemaname = %s"


def missing(*, migrations: Iterable[Iterable[str]], target: Iterable[Iterable[str]]) -> set[Key]:
    """The migrations of `target` that an export with `migrations` lacks; none when it is of the
    same time. Raises `ExportNewer` when it has some that the target lacks.
    """
    labels = {app for app, _ in migrations_of_code()}
    have = {(app, name) for app, name in migrations if app in labels}
    want = {(app, name) for app, name in target if app in labels}
    if unknown := have - want:
        listed = ", ".join(sorted(f"{app}.{name}" for app, name in unknown))
        raise ExportNewer(
            f"It has migrations that this installation does not know ({listed}). "
            "Bring this installation up to date, then import again."
        )
    return want - have


def bring_forward(
    *, migrations: Iterable[Iterable[str]], lacking: set[Key], fill: Fill, folder: Path
) -> list[rows.Part]:
    """The export's rows as the present code would have them, in files in `folder`.

    `fill` is given the name of a schema of the export's time and loads the rows there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    of_then = {(app, name) for app, name in migrations}
    with _workshop() as (connection, name):
        _migrate(connection, name, lambda key: key in of_then)
        with schema_context("public"), transaction.atomic():
            rows.fixed_output()
            fill(name)
        _migrate(connection, name, lambda key: key in lacking)
        with schema_context("public"), transaction.atomic():
            rows.fixed_output()
            found = rows.tables(schema_name=name)
            return [rows.write(schema_name=name, table=each, folder=folder) for each in found]


def names_in(*, schema_name: str) -> set[str]:
    """The tables that really stand in a schema: rows are loaded into no others."""
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute(NAMES, [schema_name])
        return {name for (name,) in cursor.fetchall()}


@contextmanager
def _workshop() -> Iterator[tuple[Any, str]]:
    """The owner's connection and an empty schema, for as long as the block lasts."""
    name = f"scratch_{secrets.token_hex(6)}"
    with as_owner() as connection, schema_context("public"):
        # The same turn as the fleet's recordings, which clear such schemas away too.
        take_turn(connection, purpose="recording")
        with connection.cursor() as cursor:
            cursor.execute(LEFTOVERS)
            for (leftover,) in cursor.fetchall():
                run(connection, "DROP SCHEMA {name} CASCADE", name=leftover)
        run(connection, "CREATE SCHEMA {name}", name=name)
        try:
            yield connection, name
        finally:
            with schema_context("public"):
                run(connection, "DROP SCHEMA {name} CASCADE", name=name)


def _migrate(connection: Any, name: str, wanted: Callable[[Key], bool]) -> None:
    with schema_context(name):
        executor = executors.for_workspace(connection)
        plan = executor.migration_plan(executors.targets(executor))
        chosen = [(m, back) for m, back in plan if wanted((m.app_label, m.name))]
        executor.migrate(None, plan=chosen)


def demand_known(*, table: str, known: set[str]) -> None:
    """Raises `ExportDamaged` for rows of a table that a workspace's schema does not have."""
    if table not in known:
        raise ExportDamaged(f"The export holds rows of {table}, which is no table of a workspace.")
