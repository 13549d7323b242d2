"""The connection that may change schemas: the role that owns them, without a pooler between.

The application's own role owns nothing. Where no owner is configured, in a small installation,
one role is both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection

from apps.core.postgresql.workspace import PUBLIC, within

OWNER_ALIAS = "owner"


def alias() -> str:
    """The name of the owner's database settings."""
    return OWNER_ALIAS if OWNER_ALIAS in settings.DATABASES else DEFAULT_DB_ALIAS


def connection() -> Any:
    """Django's connection of the owner; its messages carry the current workspace."""
    return connections[alias()]


def raw() -> Connection[Any]:
    """The same session as psycopg sees it: messages go out as they are written."""
    connection().ensure_connection()
    bare: Connection[Any] = connection().connection
    return bare


@contextmanager
def acting() -> Iterator[None]:
    """Let code that asks for the default database, as the functions of RunPython do, reach the
    owner's session: it sees the uncommitted work of its own migration, and may change tables.
    """
    usual = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connection()
    try:
        with within(PUBLIC):
            yield
    finally:
        connections[DEFAULT_DB_ALIAS] = usual
