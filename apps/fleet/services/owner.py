"""One session of the owner's role for a whole run.

The run's lock, its messages and the migrations written in Python share it, so the lock is free
only when the server is through with the last of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection

from apps.core.postgresql.workspace import PUBLIC, within
from apps.fleet.services.ownership import as_owner

_application: ContextVar[Any] = ContextVar("application")


@contextmanager
def session() -> Iterator[None]:
    """All of this thread's queries are the owner's for the block, over one direct connection."""
    token = _application.set(connections[DEFAULT_DB_ALIAS])
    try:
        with as_owner(), within(PUBLIC):
            yield
    finally:
        _application.reset(token)


@contextmanager
def application() -> Iterator[None]:
    """Inside a session: look with the application's own eyes for a moment."""
    inner = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = _application.get()
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = inner


def raw() -> Connection[Any]:
    """The session as psycopg sees it: messages go out as they are written."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    bare: Connection[Any] = connection.connection
    return bare
