"""The marked rows that every workspace holds."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

ROWS = 20
FIRST_UNIVERSE = 1_000_000
# Found by no key: what the load writes itself.
FIRST_WRITTEN = 9_000_000
INSERT = """
INSERT INTO {}.roblox_experience
    (id, name, slug, universe_id, created_by_label, created_at)
SELECT gen_random_uuid(), {} || ':' || n, 'row-' || n, {} + n, {}, now()
FROM generate_series(1, {}) AS n
ON CONFLICT DO NOTHING
"""


def mark(owner: psycopg.Connection[tuple[object, ...]], schemas: Iterable[str]) -> None:
    """Write the rows, over a connection of its own as the tables' owner."""
    for schema in schemas:
        literal = sql.Literal(schema)
        owner.execute(
            sql.SQL(INSERT).format(sql.Identifier(schema), literal, FIRST_UNIVERSE, literal, ROWS)
        )


def astray(owner: psycopg.Connection[tuple[object, ...]], schemas: Iterable[str]) -> int:
    """Rows that stand in a workspace and carry another's mark."""
    query = sql.SQL(
        "SELECT count(*) FROM {}.roblox_experience WHERE split_part(name, ':', 1) <> {}"
    )
    counts = [
        owner.execute(query.format(sql.Identifier(s), sql.Literal(s))).fetchone() for s in schemas
    ]
    return sum(int(str(row[0])) for row in counts if row)


def of(name: str) -> str:
    """The mark in a row's name."""
    return name.partition(":")[0]
