"""How long a way takes for all schemas: what was measured on one, and the rows of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connections

from apps.fleet.models import SchemaStep, SchemaVersion
from apps.fleet.services.rehearsals import Measured

PAGE = 8192
MEGABYTE = 1_000_000
# Assumed where the rehearsal had no rows to measure with: bytes a second of one connection on
# ordinary network storage.
READING, WRITING = 200 * MEGABYTE, 40 * MEGABYTE
# A message there and back, the ledger's row, the commit.
MESSAGE = 0.004
# The size of each table over all schemas of one version.
SIZES = """
SELECT c.relname, sum(c.relpages)::bigint * %s, sum(greatest(c.reltuples, 0))::bigint
FROM public.fleet_schema s
JOIN pg_namespace n ON n.nspname = s.name
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = ANY(%s) AND c.relkind = 'r'
WHERE s.version_id = %s GROUP BY 1 ORDER BY 2 DESC
"""


@dataclass(frozen=True)
class Size:
    """Of one table in all schemas of a version, as the last ANALYZE left it."""

    table: str
    size: int  # bytes
    rows: int
    is_rewritten: bool

    @property
    def seconds(self) -> float:
        return self.size / (WRITING if self.is_rewritten else READING)

    def __str__(self) -> str:
        does = "written anew" if self.is_rewritten else "read"
        return f"{self.table}: {self.size / MEGABYTE:,.1f} MB, {self.rows:,} rows {does}"


@dataclass(frozen=True)
class Estimate:
    """`seconds` for all schemas, one after another; `tables` grow it with their rows."""

    seconds: float
    tables: list[Size]


def make(
    *,
    origin: SchemaVersion,
    steps: Sequence[SchemaStep],
    measured: Sequence[Sequence[Measured]],
    schemas: int,
    using: str,
    on: str = "",
) -> Estimate:
    """For `schemas` at `origin`. Measured `on` a schema with rows, its time holds theirs."""
    if not steps:
        return Estimate(0, [])
    each = sum(one.milliseconds for found in measured for one in found) / 1000 + MESSAGE
    everything = [one for found in measured for one in found]
    rewritten = {table for one in everything for table in one.rewritten}
    scanned = {table for one in everything for table in one.scanned} - rewritten
    tables = _sizes(origin, rewritten, scanned, using)
    with_rows = 0.0 if on else sum(table.seconds for table in tables)
    return Estimate(round(each * schemas + with_rows, 2), tables)


def _sizes(origin: SchemaVersion, rewritten: set[str], scanned: set[str], using: str) -> list[Size]:
    names = sorted(rewritten | scanned)
    with connections[using].cursor() as cursor:
        cursor.execute(SIZES, [PAGE, names, origin.pk])
        return [
            Size(table, int(size), int(rows), table in rewritten)
            for table, size, rows in cursor.fetchall()
        ]
