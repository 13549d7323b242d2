"""Trying recorded steps out where nobody is hurt, and watching what PostgreSQL does.

After each statement the catalogues tell which locks the transaction holds, which tables got a new
file (they were written anew) and which were read from end to end. Both show on empty tables too,
so that a scratch schema without a row is enough to know what will happen to a large one.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import Error, transaction
from django_tenants.utils import schema_context

from apps.fleet.errors import RehearsalFailed
from apps.fleet.models import Backfill, SchemaStep, SchemaVersion
from apps.fleet.services import executors, statements
from apps.fleet.services.ownership import as_owner, run, take_turn

# https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
MODES = {
    "RowExclusiveLock": "writes rows of",
    "ShareUpdateExclusiveLock": "lets others read and write",
    "ShareLock": "stops writes to",
    "ShareRowExclusiveLock": "stops writes to",
    "ExclusiveLock": "stops writes to",
    "AccessExclusiveLock": "stops reads and writes of",
}
STRENGTH = list(MODES)
STOPS_WRITES = frozenset(STRENGTH[2:])
# A lock outside a transaction is over before it can be seen; these are the documented ones.
ALONE = "ShareUpdateExclusiveLock"

SIGHT = """
SELECT
 (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(c.relname, l.mode)), '[]')
  FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
  WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p')
  AND c.relnamespace IN (to_regnamespace(%(schema)s), 'public'::regnamespace)),
 (SELECT coalesce(jsonb_object_agg(relname, relfilenode), '{}') FROM pg_class
  WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = 'r'),
 (SELECT coalesce(jsonb_object_agg(relname, coalesce(seq_scan, 0)), '{}')
  FROM pg_stat_xact_user_tables WHERE schemaname = %(schema)s)
"""


@dataclass(frozen=True)
class Lock:
    table: str
    mode: str

    def __str__(self) -> str:
        return f"{MODES.get(self.mode, self.mode)} {self.table}"


@dataclass(frozen=True)
class Measured:
    """What one statement did: milliseconds, and tables that were there before the plan."""

    statement: str
    milliseconds: float
    locks: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sight:
    locks: frozenset[Lock]
    files: dict[str, int]
    scans: dict[str, int]


def on_scratch(
    *, origin: SchemaVersion, steps: Sequence[SchemaStep], using: str = "owner"
) -> list[list[Measured]]:
    """Each step's statements, measured on an empty schema of `origin` that is gone afterwards.

    Raises `RehearsalFailed`.
    """
    with as_owner(using) as connection, schema_context("public"):
        take_turn(connection, purpose="recording")  # whoever records drops scratch schemas
        with _scratch(connection) as name:
            with schema_context(name), connection.cursor() as cursor:
                cursor.execute(origin.ddl)
            with schema_context(name):
                watcher = _Watcher(connection, name)
                return [_rehearse(watcher, step) for step in steps]


def on_schema(
    *, schema_name: str, steps: Sequence[SchemaStep], lock_timeout: float = 2, using: str = "owner"
) -> list[list[Measured]]:
    """The same in a schema with rows, in one transaction that is rolled back.

    Its customers wait for as long as it takes: name a canary of your own. A lock that is not had
    within `lock_timeout` seconds ends it. Steps outside a transaction cannot be tried there and
    are left out. Raises `RehearsalFailed`.
    """
    with as_owner(using) as connection, schema_context(schema_name):
        watcher = _Watcher(connection, schema_name)
        with _rolled_back(connection, schema_name, lock_timeout):
            return [
                [watcher.watch(text) for text in step.forward]
                if step.mode == SchemaStep.Mode.REPLAY
                else []
                for step in steps
            ]


class _Watcher:
    """Runs statements and says what each did to the tables that were there at first."""

    def __init__(self, connection: Any, schema_name: str) -> None:
        self.connection, self._schema = connection, schema_name
        self._there = set(self._look().files)
        self._before = self._look()

    def begin(self) -> None:
        """A new transaction: it holds nothing yet, and its counters start at nothing."""
        self._before = self._look()

    def watch(self, text: str) -> Measured:
        begun = time.perf_counter()
        with self.connection.cursor() as cursor:
            cursor.execute(text)
        return self.compare(text, (time.perf_counter() - begun) * 1000)

    def compare(self, text: str, milliseconds: float) -> Measured:
        now, before = self._look(), self._before
        self._before = now
        scanned = {t for t, number in now.scans.items() if number > before.scans.get(t, 0)}
        written = {t for t, file in before.files.items() if now.files.get(t, file) != file}
        locks = {lock for lock in now.locks - before.locks if lock.mode in MODES}
        return Measured(
            text,
            milliseconds,
            tuple(sorted(strongest(k for k in locks if k.table in self._there), key=str)),
            tuple(sorted(written & self._there)),
            tuple(sorted(scanned & self._there)),
        )

    def _look(self) -> _Sight:
        with self.connection.cursor() as cursor:
            cursor.execute(SIGHT, {"schema": self._schema})
            locks, files, scans = (json.loads(found) for found in cursor.fetchone())
        return _Sight(frozenset(Lock(*pair) for pair in locks), files, scans)


def strongest(locks: Any) -> list[Lock]:
    """The strongest lock on each table."""
    best: dict[str, Lock] = {}
    for lock in locks:
        known = best.get(lock.table)
        if known is None or STRENGTH.index(lock.mode) > STRENGTH.index(known.mode):
            best[lock.table] = lock
    return list(best.values())


def _rehearse(watcher: _Watcher, step: SchemaStep) -> list[Measured]:
    try:
        if step.mode == SchemaStep.Mode.PYTHON:
            return _by_django(watcher, step)
        found = _as_recorded(watcher, step)
    except Error as error:
        raise RehearsalFailed(f"{step}: {error}") from error
    with watcher.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())",
            [step.app_label, step.name],
        )
    return found


def _as_recorded(watcher: _Watcher, step: SchemaStep) -> list[Measured]:
    if step.mode == SchemaStep.Mode.REPLAY:
        with transaction.atomic():
            watcher.begin()
            return [watcher.watch(text) for text in step.forward]
    return [_alone(watcher, text) for text in step.forward]


def _alone(watcher: _Watcher, text: str) -> Measured:
    """A statement of a step outside a transaction: in one of its own where the server allows."""
    if not statements.needs_no_transaction(text):
        with transaction.atomic():
            watcher.begin()
            return watcher.watch(text)
    begun = time.perf_counter()
    with watcher.connection.cursor() as cursor:
        cursor.execute(text)
    return Measured(text, (time.perf_counter() - begun) * 1000)


def _by_django(watcher: _Watcher, step: SchemaStep) -> list[Measured]:
    """Django's executor on the scratch schema; the time is its own, models rendered and all."""
    begun = time.perf_counter()
    executor = executors.for_workspace(watcher.connection)
    node = executor.loader.graph.nodes[step.app_label, step.name]
    executor.migrate(None, plan=[(node, False)])
    return [Measured(f"Python: {step}", (time.perf_counter() - begun) * 1000)]


@contextmanager
def _scratch(connection: Any) -> Iterator[str]:
    name = f"scratch_{secrets.token_hex(6)}"
    run(connection, "CREATE SCHEMA {name}", name=name)
    try:
        yield name
    finally:
        with schema_context("public"):
            run(connection, "DROP SCHEMA {name} CASCADE", name=name)
            Backfill.objects.filter(schema_name=name).delete()


@contextmanager
def _rolled_back(connection: Any, schema_name: str, lock_timeout: float) -> Iterator[None]:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {round(lock_timeout * 1000)}")
            try:
                yield
            finally:
                transaction.set_rollback(True)
    except Error as error:
        raise RehearsalFailed(f"On {schema_name}: {error}") from error
