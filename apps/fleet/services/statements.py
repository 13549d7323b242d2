"""The SQL around a schema's recorded statements.

Several statements in one message of the simple protocol are one transaction
(https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT), so a
message is done whole or not at all, whenever the one who sent it dies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg import sql

from apps.core.postgresql import workspace
from apps.fleet.models import RolloutItem, SchemaStep

ALONE = re.compile(r"\bCONCURRENTLY\b|^\s*(VACUUM|CREATE DATABASE|ALTER SYSTEM)\b", re.IGNORECASE)
_MADE = re.compile(
    r"^\s*CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(IF\s+NOT\s+EXISTS\s+)?\"?(?P<name>[^\"\s]+)",
    re.IGNORECASE,
)
_DROPPED = re.compile(
    r"^\s*DROP\s+INDEX\s+CONCURRENTLY\s+(IF\s+EXISTS\s+)?\"?(?P<name>[^\"\s;]+)", re.IGNORECASE
)


def message(statements: Iterable[str]) -> bytes:
    """One message of all these."""
    return ";\n".join(text.rstrip().rstrip(";") for text in statements if text.strip()).encode()


def begin(*, schema_name: str, lock_timeout: float) -> list[str]:
    """Names resolve in the schema; a lock that is not had within `lock_timeout` seconds fails."""
    prefix = workspace.prefix(schema_name, include_public=True, with_role=False)
    return [
        f"SET LOCAL lock_timeout = {round(lock_timeout * 1000)}",
        prefix.message.decode().rstrip("; "),
    ]


def move_ledger(*, schema_name: str, origins: Sequence[int], target: int) -> str:
    """Divides by zero where the schema is not there, or at another version, any more."""
    return _compose(
        "WITH moved AS (UPDATE public.fleet_schema SET version_id = {}, updated_at = now()"
        " WHERE name = {} AND version_id IN ({}) RETURNING 1) SELECT 1 / count(*) FROM moved",
        sql.Literal(target), sql.Literal(schema_name), _listed(origins),
    )  # fmt: skip


def hold_ledger(*, schema_name: str, origins: Sequence[int]) -> str:
    """The same without moving it: nobody renames or drops the schema until the commit."""
    return _compose(
        "SELECT 1 / count(*) FROM (SELECT 1 FROM public.fleet_schema WHERE name = {}"
        " AND version_id IN ({}) FOR UPDATE) AS held",
        sql.Literal(schema_name), _listed(origins),
    )  # fmt: skip


def note_migration(*, schema_name: str, step: SchemaStep) -> str:
    return _compose(
        "INSERT INTO {}.django_migrations (app, name, applied) VALUES ({}, {}, now())",
        sql.Identifier(schema_name), sql.Literal(step.app_label), sql.Literal(step.name),
    )  # fmt: skip


def forget_migration(*, schema_name: str, step: SchemaStep) -> str:
    return _compose(
        "DELETE FROM {}.django_migrations WHERE app = {} AND name = {}",
        sql.Identifier(schema_name), sql.Literal(step.app_label), sql.Literal(step.name),
    )  # fmt: skip


def note_progress(*, item: RolloutItem, step: SchemaStep, statement: int, backward: bool) -> str:
    """That the step's first `statement` statements are done, on the way there or back."""
    return _compose(
        "UPDATE public.fleet_rolloutitem SET progress = {} WHERE id = {}",
        sql.Literal(
            json.dumps({"migration": str(step), "statement": statement, "backward": backward})
        ),
        sql.Literal(item.pk),
    )


def close_item(*, item: RolloutItem, state: str) -> str:
    return _compose(
        "UPDATE public.fleet_rolloutitem SET state = {}, finished_at = now(), problem = '',"
        " progress = '{{}}', attempts = attempts + 1,"
        " milliseconds = 1000 * extract(epoch FROM clock_timestamp() - now()) WHERE id = {}",
        sql.Literal(state), sql.Literal(item.pk),
    )  # fmt: skip


def needs_no_transaction(statement: str) -> bool:
    """Whether the server takes it only alone in its message, outside a transaction."""
    return bool(ALONE.search(statement))


def index_made(statement: str) -> str | None:
    found = _MADE.match(statement)
    return found["name"] if found else None


def index_dropped(statement: str) -> str | None:
    found = _DROPPED.match(statement)
    return found["name"] if found else None


def applied(*, schema_name: str) -> bytes:
    """Asks which migrations the schema itself says it has."""
    return _compose(
        "SELECT app, name FROM {}.django_migrations", sql.Identifier(schema_name)
    ).encode()


def _listed(numbers: Iterable[int]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Literal, numbers))


def _compose(template: LiteralString, *values: sql.Composable) -> str:
    return sql.SQL(template).format(*values).as_string(None)
