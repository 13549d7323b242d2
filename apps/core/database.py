"""Django's connection as django-tenants makes it, for the type checker's sake."""

from __future__ import annotations

from typing import Any, Protocol, cast

from django.db import connection as _connection


class WorkspaceConnection(Protocol):
    """The default connection and the schema its queries go to."""

    schema_name: str
    tenant: Any
    in_atomic_block: bool

    def set_tenant(self, tenant: Any) -> None: ...

    def set_schema_to_public(self) -> None: ...

    def cursor(self) -> Any: ...

    def close(self) -> None: ...


connection = cast("WorkspaceConnection", _connection)
