"""Rows of a workspace's schema, out of the database and into it by COPY.

What is compared is what `COPY` writes with the settings of `fixed_output`: text that is the same
on every server, whatever its own settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django_tenants.utils import schema_context
from psycopg import sql

from apps.core.database import connection
from apps.transfers import references
from apps.transfers.errors import ExportDamaged, HashesDiffer
from apps.transfers.format import archive
from apps.transfers.format.tallies import Tally

NOTES = "django_migrations"
HIGHEST_NUMBER = 10**9
# Names first: with only the schema given, the server reads the catalogue of all customers.
COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relname = ANY(%s) AND c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
GROUP BY c.relname
"""
SEQUENCES = """
SELECT c.relname, a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relname = ANY(%s) AND c.relnamespace = %s::regnamespace AND a.attnum > 0
  AND NOT a.attisdropped AND (a.attidentity <> '' OR a.atthasdef)
  AND pg_get_serial_sequence(c.oid::regclass::text, a.attname) IS NOT NULL
"""
OUTPUT = (
    "SET LOCAL TimeZone = 'UTC'", "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'", "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table of the workspace with the columns it has in the database now."""

    label: str
    name: str
    columns: tuple[str, ...]

    @property
    def member(self) -> str:
        """Its place in the file."""
        return f"tables/{self.name}.copy.zst"


@dataclass(frozen=True)
class Part:
    """A table's rows in a file of their own, compressed."""

    table: Table
    path: Path
    tally: Tally

    def described(self) -> dict[str, Any]:
        """How the manifest speaks of it."""
        return {
            "model": self.table.label, "table": self.table.name, "member": self.table.member,
            "columns": list(self.table.columns), "rows": self.tally.rows, "hash": self.tally.hash,
        }  # fmt: skip


@contextmanager
def snapshot() -> Iterator[None]:
    """One unchanging view of all rows, for reading. Within a transaction of the caller's it is
    that transaction's view.
    """
    begins = not connection.in_atomic_block
    with transaction.atomic():
        if begins:
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        fixed_output()
        yield


def fixed_output() -> None:
    """For the rest of the transaction values are written in one way on all servers."""
    _run("; ".join(OUTPUT))


def tables(*, schema_name: str) -> list[Table]:
    """The workspace's tables that the code knows and the schema has, in one query."""
    known = {m._meta.db_table: m._meta.label_lower for m in references.workspace_models()}
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute(COLUMNS, [list(known), schema_name])
        columns = dict(cursor.fetchall())
    return [
        Table(label, name, tuple(columns[name])) for name, label in known.items() if name in columns
    ]


def migrations(*, schema_name: str) -> list[list[str]]:
    """What the schema notes as applied, in order, as [app, name]."""
    with schema_context(schema_name), connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {NOTES} ORDER BY id")  # noqa: S608 -- a constant
        return [list(row) for row in cursor.fetchall()]


def write(*, schema_name: str, table: Table, folder: Path) -> Part:
    """The table's rows to a file in `folder`; encrypted columns are left empty."""
    part = Part(table, folder / f"{table.name}.copy.zst", Tally())
    with part.path.open("wb") as file, archive.compress(file) as packed:
        for block in _lines(schema_name, table):
            part.tally.feed(block)
            packed.write(block)
    return part


def tally(*, schema_name: str, table: Table) -> Tally:
    """Count and hash of what stands in the database."""
    found = Tally()
    for block in _lines(schema_name, table):
        found.feed(block)
    return found


def load(*, schema_name: str, table: Table, blocks: Iterable[bytes]) -> Tally:
    """Add rows as COPY wrote them; returns what was given. Constraints wait for the commit."""
    given = Tally()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), _names(table.columns)
    )
    with (
        schema_context(schema_name),
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for block in blocks:
            given.feed(block)
            copy.write(block)
    if not given.is_whole:
        raise ExportDamaged(f"The rows of {table.label} end within a line.")
    return given


def verify(*, schema_name: str, table: Table, rows: int, hash: str) -> None:  # noqa: A002
    """Read the table back and compare. Raises `HashesDiffer`."""
    found = tally(schema_name=schema_name, table=table)
    if (found.rows, found.hash) != (rows, hash):
        raise HashesDiffer(
            f"{table.label} should have {rows} rows with the hash {hash[:12]}…, and has "
            f"{found.rows} with {found.hash[:12]}…. Nothing was imported.",
            table=table.label,
        )


def move_sequences(*, schema_name: str, names: list[str]) -> None:
    """Numbers that the server gives out begin after those that arrived. Raises `ExportDamaged`
    for a number that no workspace comes to, which would be counted up to for years.
    """
    with schema_context(schema_name), connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [names, schema_name])
        for table, column, sequence in cursor.fetchall():
            highest = sql.SQL("SELECT max({}) FROM {}").format(
                sql.Identifier(column), sql.Identifier(table)
            )
            cursor.execute(highest)
            (number,) = cursor.fetchone()
            if (number or 0) > HIGHEST_NUMBER:
                raise ExportDamaged(f"The rows of {table} are numbered up to {number}.")
            # A workspace's role may take numbers, not set them.
            cursor.execute(
                sql.SQL("SELECT count(nextval({})) FROM generate_series(1, ({}))").format(
                    sql.Literal(sequence), highest
                )
            )


def _lines(schema_name: str, table: Table) -> Iterator[bytes]:
    hidden = set(references.secrets().get(table.label, ()))
    chosen = [
        sql.SQL("''::text") if name in hidden else sql.Identifier(name) for name in table.columns
    ]
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
        sql.SQL(", ").join(chosen), sql.Identifier(table.name)
    )
    with (
        schema_context(schema_name),
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for block in copy:
            yield bytes(block)


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
