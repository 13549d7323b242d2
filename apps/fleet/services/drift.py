"""Schemas that do not look as the code says, table by table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections

from apps.fleet.models import Schema, SchemaVersion
from apps.fleet.services import ledger, structures
from apps.fleet.services.fingerprints import Key, fingerprint
from apps.fleet.services.ownership import owner_alias

BATCH = 50
LOOK = """
SELECT name, fleet.structure_hash(name),
  fleet.strange_rights(name), fleet.applied_hash(name)
FROM unnest(%s::text[]) AS name
"""
SCHEMA = "(schema)"


@dataclass(frozen=True)
class Drift:
    """One schema and what is wrong with it: sentences by table; `(schema)` is about the whole."""

    schema_name: str
    version: SchemaVersion
    tables: structures.Differences


def report(*, schema_names: Collection[str] | None = None, using: str = "owner") -> Iterator[Drift]:
    """The schemas of the ledger (or those named) that differ from the version they are said to
    have: in structure, in rights and owner, in the migrations they note.

    Compares hashes made by the server, 50 schemas a query; only what differs is read in full.
    """
    using = owner_alias(using)
    found = Schema.objects.using(using).order_by("name")
    if schema_names is not None:
        found = found.filter(name__in=schema_names)
    known = SchemaVersion.objects.using(using).light().in_bulk()
    rows = list(found)
    for row in rows:
        row.version = known[row.version_id]
    for start in range(0, len(rows), BATCH):
        yield from _look(rows[start : start + BATCH], using)


def _look(rows: list[Schema], using: str) -> Iterator[Drift]:
    with connections[using].cursor() as cursor:
        cursor.execute(LOOK, [[row.name for row in rows]])
        found = {name: rest for name, *rest in cursor.fetchall()}
    for row in rows:
        digest, rights, noted = found[row.name]
        tables = _differences(row, digest, noted, using)
        if row.kind == Schema.Kind.WORKSPACE:
            _add_rights(tables, rights)
        if tables:
            yield Drift(row.name, row.version, tables)


def _differences(
    row: Schema, digest: str | None, noted: str | None, using: str
) -> structures.Differences:
    if digest is None:
        return {SCHEMA: ["is in the ledger and not in the database"]}
    tables: structures.Differences = {}
    if digest != row.version.structure_hash:
        found, _ = structures.read(connections[using], schema_name=row.name)
        tables = structures.compare(expected=row.version.structure, found=found)
    expected = {(app, name) for app, name in row.version.migrations}
    if noted != fingerprint(expected):
        tables.setdefault(ledger.NOTES, []).extend(_compare_notes(row, expected, using))
    return tables


def _compare_notes(row: Schema, expected: set[Key], using: str) -> Iterator[str]:
    found = set(ledger.applied(schema_name=row.name, using=using))
    yield from (f"{app}.{name} is not noted as applied" for app, name in sorted(expected - found))
    yield from (f"{app}.{name} is not of this version" for app, name in sorted(found - expected))


def _add_rights(tables: structures.Differences, strange: Any) -> None:
    about = json.loads(strange) if isinstance(strange, str) else strange or {}
    for name, line in about.items():
        tables.setdefault(name, []).append(line)
