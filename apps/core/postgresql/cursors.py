"""A cursor whose every message names its workspace.

Rests on psycopg's simple query protocol, in which one message may hold several statements
(https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT):
without a transaction they are one, and `SET LOCAL` ends with it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from apps.core.postgresql.workspace import Prefix

if TYPE_CHECKING:
    Cursor = psycopg.ClientCursor[Any]
else:
    from django.db.backends.postgresql.base import Cursor


class WorkspaceMismatch(psycopg.InterfaceError):
    """The server reports another search path than the message asked for; nothing of the answer
    was given out, and the connection is closed.
    """


class WorkspaceCursor(Cursor):
    """`wrapper`, set by the backend, says what goes before each query. Without it (Django's own
    set-up and health checks) a message goes out as it is.
    """

    wrapper: Any = None
    _strip = 0
    _expected = ""

    def _start_query(self, query: Any = None) -> Generator[Any, Any, None]:
        yield from super()._start_query(query)
        command: bytes | None = self.wrapper.session_command() if self.wrapper else None
        if command is not None:
            yield from self._conn._exec_command(command)  # noqa: SLF001
            self.wrapper.session_command_done()

    def _execute_send(self, query: Any, *, force_extended: bool = False, **options: Any) -> None:
        prefix: Prefix | None = self.wrapper.message_prefix() if self.wrapper else None
        self._strip = 0
        if prefix is None:
            super()._execute_send(query, force_extended=force_extended, **options)
            return
        if force_extended or self._conn._pipeline:  # noqa: SLF001
            raise psycopg.NotSupportedError(
                "stream() and pipelines cannot carry the workspace; use execute()."
            )
        self._query, self._strip, self._expected = query, prefix.statements, prefix.path
        self._pgconn.send_query(prefix.message + query.query)

    def _set_results(self, results: list[Any]) -> None:
        # Nothing but a comment has no answer of its own in a message with others.
        super()._set_results(results[self._strip :] or results[-1:])
        if self._strip:
            self._verify()

    def _verify(self) -> None:
        """PostgreSQL 18 reports `search_path`: inside a transaction the message's own must stand.

        https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-ASYNC. A pooler that does
        not pass the report on never shows ours, and is not believed.
        """
        if self._pgconn.transaction_status != TransactionStatus.INTRANS:
            return
        reported = self._pgconn.parameter_status(b"search_path")
        if reported is None:
            return
        if reported.decode().replace('"', "") == self._expected:
            vars(self._conn)["reports_search_path"] = True
        elif vars(self._conn).get("reports_search_path"):
            self._conn.close()
            raise WorkspaceMismatch(
                f"The connection is in {reported.decode()}, not in {self._expected}."
            )

    def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        # psycopg would use a pipeline, whose messages hold one statement each.
        with self._conn.lock:
            self._conn.wait(self._executemany_gen_no_pipeline(query, params_seq, returning))

    def _start_copy_gen(self, statement: Any, params: Any = None) -> Generator[Any, Any, None]:
        """COPY stands alone in its message, so the workspace goes before it, in its transaction."""
        if self.wrapper is None or (prefix := self.wrapper.message_prefix()) is None:
            yield from super()._start_copy_gen(statement, params)
            return
        if self._conn.autocommit and self._pgconn.transaction_status == TransactionStatus.IDLE:
            raise psycopg.NotSupportedError("COPY needs transaction.atomic() around it.")
        with self.wrapper.bare():
            yield from self._execute_gen(prefix.message)
            yield from super()._start_copy_gen(statement, params)
