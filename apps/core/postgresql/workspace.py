"""Which workspace this thread of work is in.

A context variable, so that it goes along into `sync_to_async`, tasks and coroutines of one
request, is never shared by two requests, and is public in a thread that nobody told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError

from apps.core.postgresql.roles import role_of

PUBLIC_SCHEMA = "public"
SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class SchemaOnly:
    """Stands in for a tenant where only its schema's name is known."""

    schema_name: str
    tenant_type: str | None = None

    def get_tenant_type(self) -> str | None:
        return self.tenant_type


@dataclass(frozen=True)
class Workspace:
    """Where queries go: a schema, and public behind it unless it is to stand alone."""

    tenant: Any
    schema_name: str
    include_public: bool = True


@dataclass(frozen=True)
class Prefix:
    """What goes before a query in its own message, and how many answers belong to it."""

    path: str
    message: bytes
    statements: int


PUBLIC = Workspace(SchemaOnly(PUBLIC_SCHEMA), PUBLIC_SCHEMA)
_current: ContextVar[Workspace] = ContextVar("workspace", default=PUBLIC)


def current() -> Workspace:
    return _current.get()


def enter(workspace: Workspace) -> None:
    _current.set(workspace)


@contextmanager
def within(workspace: Workspace) -> Iterator[None]:
    token = _current.set(workspace)
    try:
        yield
    finally:
        _current.reset(token)


def bound(func: Callable[[], Any]) -> Callable[[], Any]:
    """`func`, to be called later in the workspace of now."""
    workspace = current()

    def call() -> Any:
        with within(workspace):
            return func()

    return call


@cache
def prefix(schema_name: str, *, include_public: bool, with_role: bool) -> Prefix:
    """`SET LOCAL` ends with the transaction, or with the message where there is none: whoever
    gets this server connection next, from a pool or a pooler, finds nothing of us on it.
    """
    schemas = [schema_name]
    if include_public and schema_name != PUBLIC_SCHEMA:
        schemas.append(PUBLIC_SCHEMA)
    path = ", ".join(_quoted(name) for name in schemas)
    statements = [f"SET LOCAL search_path = {path}"]
    if with_role:
        public = schema_name == PUBLIC_SCHEMA
        role = "NONE" if public else _quoted(role_of(schema_name))
        statements.append(f"SET LOCAL ROLE {role}")
    return Prefix(path.replace('"', ""), "; ".join([*statements, ""]).encode(), len(statements))


def _quoted(name: str) -> str:
    if not SCHEMA_NAME.fullmatch(name):
        raise ValidationError(f"{name!r} cannot be the name of a schema.")
    return f'"{name}"'
