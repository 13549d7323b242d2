"""The database backend (`ENGINE = "apps.core.postgresql"`).

It has what django-tenants asks of one (`set_tenant`, `schema_name`, …) and differs in how the
workspace gets to the server. Two ways, by the setting WORKSPACE_IN:

- "message", for the application: each query travels with `SET LOCAL search_path` and
  `SET LOCAL ROLE` in one message, so that it is right on any connection of any pool or pooler.
- "session", for migrations as the owner over a direct connection: `SET search_path` whenever
  it changes, because CREATE INDEX CONCURRENTLY and its like must stand alone in a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.utils import NotSupportedError

from apps.core.postgresql import workspace
from apps.core.postgresql.cursors import WorkspaceCursor
from apps.core.postgresql.workspace import Prefix, SchemaOnly, Workspace


class Operations(DatabaseOperations):
    compiler_module = "apps.core.postgresql.compiler"


class Introspection(DatabaseIntrospection):
    connection: DatabaseWrapper

    def get_table_list(self, cursor: Any) -> list[Any]:
        """The tables of the current schema alone, without public's behind it."""
        with self.connection.alone():
            return super().get_table_list(cursor)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = Operations
    introspection_class = Introspection
    connection: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by_session = self.settings_dict.get("WORKSPACE_IN", "message") == "session"
        self._session_path: str | None = None
        self._bare = 0

    # What django-tenants asks of a connection.

    @property
    def tenant(self) -> Any:
        return workspace.current().tenant

    @property
    def schema_name(self) -> str:
        return workspace.current().schema_name

    @property
    def include_public_schema(self) -> bool:
        return workspace.current().include_public

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:  # noqa: FBT001, FBT002
        workspace.enter(Workspace(tenant, tenant.schema_name, include_public))

    def set_schema(
        self,
        schema_name: str,
        include_public: bool = True,  # noqa: FBT001, FBT002
        tenant_type: str | None = None,
    ) -> None:
        self.set_tenant(SchemaOnly(schema_name, tenant_type), include_public)

    def set_schema_to_public(self) -> None:
        workspace.enter(workspace.PUBLIC)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Without the public schema behind the current one."""
        now = workspace.current()
        with workspace.within(Workspace(now.tenant, now.schema_name, include_public=False)):
            yield

    # How the workspace gets to the server.

    def message_prefix(self) -> Prefix | None:
        """What goes before the next query in its message; None for nothing."""
        if self._bare or self._by_session:
            return None
        with_role = bool(self.settings_dict.get("WORKSPACE_ROLES", True))
        return self._prefix(with_role=with_role)

    def session_command(self) -> bytes | None:
        """What has to be sent before the next message, once; None when the path stands."""
        if self._bare or not self._by_session:
            return None
        prefix = self._prefix(with_role=False)
        if prefix.path == self._session_path:
            return None
        return prefix.message.replace(b"SET LOCAL", b"SET").rstrip(b"; ")

    def session_command_done(self) -> None:
        self._session_path = self._prefix(with_role=False).path

    @contextmanager
    def bare(self) -> Iterator[None]:
        """Messages in here go out alone."""
        self._bare += 1
        try:
            yield
        finally:
            self._bare -= 1

    @staticmethod
    def _prefix(*, with_role: bool) -> Prefix:
        now = workspace.current()
        return workspace.prefix(
            now.schema_name, include_public=now.include_public, with_role=with_role
        )

    # A path that was set in a transaction is gone with it.

    def connect(self) -> None:
        self._session_path = None
        super().connect()

    def rollback(self) -> None:
        self._session_path = None
        super().rollback()

    def _savepoint_rollback(self, sid: str) -> None:
        self._session_path = None
        # Alone: in an aborted transaction the server takes nothing else.
        with self.bare():
            super()._savepoint_rollback(sid)  # type: ignore[misc]

    def _savepoint(self, sid: str) -> None:
        with self.bare():
            super()._savepoint(sid)  # type: ignore[misc]

    def _savepoint_commit(self, sid: str) -> None:
        with self.bare():
            super()._savepoint_commit(sid)  # type: ignore[misc]

    def on_commit(self, func: Callable[[], Any], robust: bool = False) -> None:  # noqa: FBT001, FBT002
        """`func` is called in the workspace that is the current one now."""
        super().on_commit(workspace.bound(func), robust)

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "cursor_factory": WorkspaceCursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            self._announce()
        cursor = super().create_cursor(name)
        if not name:
            cursor.wrapper = self
        return cursor

    def _announce(self) -> None:
        """A server-side cursor is declared in a message of its own, and read in later ones: only
        a transaction holds it together with its workspace.
        """
        if self.connection.autocommit:
            raise NotSupportedError("A server-side cursor needs transaction.atomic() around it.")
        with super().create_cursor() as cursor:
            cursor.wrapper = self
            cursor.execute("SELECT")
