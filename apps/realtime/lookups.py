"""Looking applications up from the event loop, and having connections follow what changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from apps.realtime import applications, protocol
from apps.realtime.applications import Application
from apps.realtime.protocol import Code, ProtocolFault
from apps.realtime.subscriptions import Connection

log = structlog.get_logger(__name__)

LONGEST_TIMER: Final = 86_400.0  # seconds


async def find(key: str) -> Application:
    """The application as it is now. Raises `ProtocolFault` when the key opens nothing, and
    `DatabaseError`.
    """
    if applications.is_product(key):
        return applications.product()
    application: Application | None = await database_sync_to_async(applications.find_by_key)(key)
    if application is None:
        raise ProtocolFault(f"There is no app with the key {key}", Code.NO_SUCH_APP)
    if not application.is_enabled:
        raise ProtocolFault("This app is switched off", Code.APP_DISABLED)
    return application


class Overseer:
    """Has connections follow their applications. `connections` gives those of this process."""

    def __init__(self, connections: Callable[[], Iterable[Connection]]) -> None:
        self._connections = connections
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def look_soon(self, app_id: str) -> None:
        """Called for each connection; one look answers all calls up to its beginning."""
        if app_id in self._tasks:
            self._again.add(app_id)
            return
        self._tasks[app_id] = asyncio.create_task(self._look(app_id))

    async def verify(self, connection: Connection) -> None:
        """Once it hears of changes: what changed before that is heeded here. Raises as `find`."""
        connection.application = await find(connection.application.key)
        self._arm(connection)

    async def _look(self, app_id: str) -> None:
        try:
            # All calls of one delivery come before this goes on.
            await asyncio.sleep(0)
            self._again.discard(app_id)
            affected = [c for c in self._connections() if c.application.id == app_id]
            for key in {c.application.key for c in affected}:
                await self._follow(key, [c for c in affected if c.application.key == key])
        finally:
            del self._tasks[app_id]
            if app_id in self._again:
                self._again.discard(app_id)
                self.look_soon(app_id)

    async def _follow(self, key: str, connections: list[Connection]) -> None:
        try:
            application = await find(key)
        except ProtocolFault as fault:
            for connection in connections:
                _end(connection, fault)
        except DatabaseError as error:
            log.warning("realtime_app_not_read", error=type(error).__name__)
            for connection in connections:  # whoever comes back is looked at then
                connection.outbox.close(Code.RECONNECT)
        else:
            for connection in connections:
                # It is counted where it was counted when it came.
                payer = connection.application.payer
                connection.application = replace(application, payer=payer)
                self._arm(connection)

    def _arm(self, connection: Connection) -> None:
        """Have it end with its key."""
        if connection.ending is not None:
            connection.ending.cancel()
            connection.ending = None
        ends = connection.application.ends_at
        if ends is not None:
            left = (ends - timezone.now()).total_seconds()
            connection.ending = asyncio.get_running_loop().call_later(
                min(max(left, 0.0), LONGEST_TIMER), self._expire, connection, left > LONGEST_TIMER
            )

    def _expire(self, connection: Connection, has_time: bool) -> None:  # noqa: FBT001
        if has_time:
            self._arm(connection)
        else:
            _end(connection, ProtocolFault("This key has been exchanged", Code.UNAUTHORISED))


def _end(connection: Connection, fault: ProtocolFault) -> None:
    connection.outbox.push_frame(protocol.error_frame(fault))
    connection.outbox.close(fault.code or Code.UNAUTHORISED)
