"""Working on schemas as the one who owns them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from psycopg import sql

LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 815))"


def owner_alias(using: str = "owner") -> str:
    """`using`, or "default" in an installation that has one role for everything."""
    return using if using in settings.DATABASES else "default"


@contextmanager
def as_owner(using: str = "owner", *, database: str = "") -> Iterator[Any]:
    """Everything this thread's ORM does in the block is done as the owner, over a connection of
    its own that ends with it, in another `database` of the server where one is named. Gives the
    connection.

    Django's migrations reach the default connection in ways a `using` cannot follow (RunPython
    that names no database), so for the block this one stands in its place. It sees nothing of
    a transaction that is open outside.
    """
    outer = connections["default"]
    about = connections[owner_alias(using)].settings_dict
    options = {k: v for k, v in about["OPTIONS"].items() if k != "pool"}
    engine = type(outer)
    changed = {"NAME": database or about["NAME"], "OPTIONS": options, "WORKSPACE_IN": "session"}
    inner = engine({**about, **changed}, alias="default")
    connections["default"] = inner
    try:
        yield inner
    finally:
        inner.close()
        connections["default"] = outer


def take_turn(connection: Any, *, purpose: str) -> None:
    """Wait until nobody else on this database does `purpose`; over when the connection ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"fleet.{purpose}"])


def run(connection: Any, statement: str, **names: str) -> None:
    """One statement, with `{name}`s filled in as quoted identifiers."""
    quoted = {key: sql.Identifier(name) for key, name in names.items()}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**quoted))
