"""Recording what Django's own migrations do to a schema, and proving the recording.

Everything happens in scratch schemas of the same database that are gone afterwards: one is
migrated by Django's executor while its statements are listened to, another is made from these
statements, and both must look the same. One recording at a time.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.exceptions import IrreversibleError
from django_tenants.utils import schema_context

from apps.fleet.errors import RecordingDiffers
from apps.fleet.models import Backfill, SchemaStep, SchemaVersion
from apps.fleet.services import executors, listening, structures
from apps.fleet.services.ownership import as_owner, run, take_turn

Key = tuple[str, str]
LEFTOVERS = r"SELECT nspname FROM pg_namespace WHERE nspname ~ '^scratch_[0-9a-f]{12}$'"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1"


def record(*, fingerprint: str, only: Collection[Key] | None = None, using: str) -> SchemaVersion:
    """A version, not saved yet: the workspace migrations in the code, or those in `only`.

    Raises `RecordingDiffers` when the recorded statements alone make another schema.
    """
    with _workshop(using) as connection:
        with _scratch(connection) as stock:
            heard = _migrate_from_nothing(connection, stock, only)
            applied = _applied(connection, stock)
            ddl = ";\n".join([*listening.for_empty(heard), listening.noting(applied)])
            structure, digest = structures.read(connection, schema_name=stock)
            rows = _count_rows(connection, stock)
        with _scratch(connection) as replayed:
            _execute(connection, replayed, ddl)
            _demand_structure(connection, replayed, structure, "building anew")
            _demand_rows(connection, replayed, rows)
    return SchemaVersion(
        fingerprint=fingerprint, migrations=[list(key) for key in applied], ddl=ddl,
        structure=structure, structure_hash=digest,
    )  # fmt: skip


def record_steps(*, origin: SchemaVersion, target: SchemaVersion, using: str) -> list[SchemaStep]:
    """The way from a version to a later one, migration by migration, not saved yet.

    Raises `RecordingDiffers` when it does not end at the target's structure, or when what is
    said to lead back does not lead to the origin's.
    """
    with _workshop(using) as connection, _scratch(connection) as name:
        _execute(connection, name, origin.ddl)
        with schema_context(name):
            pairs = list(_walk_forward(connection, {tuple(key) for key in target.migrations}))
            _demand_structure(connection, name, target.structure, f"{origin} to {target}")
            if _walk_back(connection, pairs):
                _demand_structure(connection, name, origin.structure, f"{target} to {origin}")
    for position, (step, _) in enumerate(pairs):
        step.origin, step.target, step.position = origin, target, position
    return [step for step, _ in pairs]


@contextmanager
def _workshop(using: str) -> Iterator[Any]:
    """The owner's connection, alone at this work, after tidying up behind a run that was killed."""
    with as_owner(using) as connection, schema_context("public"):
        take_turn(connection, purpose="recording")
        with connection.cursor() as cursor:
            cursor.execute(LEFTOVERS)
            names = [name for (name,) in cursor.fetchall()]
        for name in names:
            _drop(connection, name)
        yield connection


@contextmanager
def _scratch(connection: Any) -> Iterator[str]:
    name = f"scratch_{secrets.token_hex(6)}"
    run(connection, "CREATE SCHEMA {name}", name=name)
    try:
        yield name
    finally:
        _drop(connection, name)


def _drop(connection: Any, name: str) -> None:
    with schema_context("public"):
        run(connection, "DROP SCHEMA {name} CASCADE", name=name)
        Backfill.objects.filter(schema_name=name).delete()


def _migrate_from_nothing(connection: Any, name: str, only: Collection[Key] | None) -> list[str]:
    listener = listening.Listener(connection)
    with schema_context(name), connection.execute_wrapper(listener):
        executor = executors.for_workspace(connection)
        plan = executor.migration_plan(executors.targets(executor))
        if only is not None:
            plan = [(m, back) for m, back in plan if (m.app_label, m.name) in only]
        executor.migrate(None, plan=plan)
    return listener.take()


def _walk_forward(connection: Any, wanted: set[Key]) -> Iterator[tuple[SchemaStep, Migration]]:
    executor = executors.for_workspace(connection)
    plan = executor.migration_plan(executors.targets(executor))
    for migration, _ in plan:
        if (migration.app_label, migration.name) in wanted:
            sent, milliseconds = _listen(connection, migration, backwards=False)
            yield SchemaStep(
                app_label=migration.app_label, name=migration.name,
                mode=listening.mode_of(migration, sent), forward=sent, milliseconds=milliseconds,
            ), migration  # fmt: skip


def _walk_back(connection: Any, pairs: list[tuple[SchemaStep, Migration]]) -> bool:
    """Undo the steps from the last on, as far as they can be; True when all could."""
    for step, migration in reversed(pairs):
        try:
            step.backward, _ = _listen(connection, migration, backwards=True)
        except IrreversibleError:
            return False
    return True


def _listen(connection: Any, migration: Migration, *, backwards: bool) -> tuple[list[str], float]:
    """What Django sends for one migration, and how long it took in milliseconds."""
    listener = listening.Listener(connection)
    executor = executors.for_workspace(connection)
    node = executor.loader.graph.nodes[migration.app_label, migration.name]
    begun = time.perf_counter()
    with connection.execute_wrapper(listener):
        executor.migrate(None, plan=[(node, backwards)])
    return listener.take(), (time.perf_counter() - begun) * 1000


def _applied(connection: Any, name: str) -> list[Key]:
    with schema_context(name), connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return list(cursor.fetchall())


def _execute(connection: Any, name: str, ddl: str) -> None:
    with schema_context(name), connection.cursor() as cursor:
        cursor.execute(ddl)


def _count_rows(connection: Any, name: str) -> dict[str, int]:
    with schema_context(name), connection.cursor() as cursor:
        cursor.execute(TABLES, [name])
        counts = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
            counts[table] = cursor.fetchone()[0]
    return counts


def _demand_structure(connection: Any, name: str, wanted: structures.Structure, way: str) -> None:
    found, _ = structures.read(connection, schema_name=name)
    differences = structures.compare(expected=wanted, found=found)
    if differences:
        listing = "; ".join(f"{table} {line}" for table, ls in differences.items() for line in ls)
        raise RecordingDiffers(f"Replaying ({way}): {listing}", tables=differences)


def _demand_rows(connection: Any, name: str, wanted: dict[str, int]) -> None:
    found = _count_rows(connection, name)
    wrong = {
        t: [f"has {found[t]} rows, expected {wanted[t]}"] for t in wanted if found[t] != wanted[t]
    }
    if wrong:
        listing = "; ".join(f"{table} {lines[0]}" for table, lines in wrong.items())
        raise RecordingDiffers(f"Replaying does not make the same rows: {listing}", tables=wrong)
