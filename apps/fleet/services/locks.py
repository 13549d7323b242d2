"""One change of the fleet at a time, and who stands in the way of one.

The lock belongs to the owner's session, the one that changes schemas: when a run is killed, the
server may still be at its last statement, and only then lets the next run begin.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.timesince import timesince

from apps.fleet.errors import FleetBusy
from apps.fleet.services import owner

SPACE, FLEET = 815, 1
RUNNING = """
SELECT a.pid, a.application_name, a.backend_start
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = %s AND l.objid = %s AND l.objsubid = 2
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
IN_THE_WAY = """
SELECT DISTINCT ON (a.pid) a.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''),
  coalesce(a.state, ''), a.xact_start, c.relname
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND l.granted AND a.pid <> pg_backend_pid() AND c.relkind IN ('r', 'p')
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY a.pid, a.xact_start
"""


@dataclass(frozen=True)
class InTheWay:
    """A session that holds a lock on one of a schema's tables."""

    pid: int
    user: str
    program: str
    state: str
    since: datetime | None
    table: str

    def __str__(self) -> str:
        who = f"process {self.pid} ({', '.join(filter(None, (self.user, self.program)))})"
        long = f" for {timesince(self.since)}" if self.since else ""
        return f"{who} holds {self.table}, {self.state or 'at work'}{long}"


@contextmanager
def only_one(*, by: str) -> Iterator[None]:
    """Raises `FleetBusy`, which says who is at it and since when."""
    raw = owner.raw()
    name = f"fleet: {by} on {socket.gethostname()}, process {os.getpid()}"
    raw.execute("SELECT set_config('application_name', %s, false)", [name[:63]])
    taken = raw.execute("SELECT pg_try_advisory_lock(%s, %s)", [SPACE, FLEET]).fetchone()
    if not taken or not taken[0]:
        raise FleetBusy(
            f"{holder() or 'It has just ended.'} Start this one again when that has ended; "
            "`fleet status` shows how far it is."
        )
    try:
        yield
    finally:
        if not raw.closed:
            raw.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, FLEET])


def in_the_way(*, schema_name: str) -> list[InTheWay]:
    """The sessions that hold a table of the schema right now."""
    return [InTheWay(*row) for row in owner.raw().execute(IN_THE_WAY, [schema_name])]


def holder() -> str | None:
    """Who changes the fleet at this moment, in a sentence."""
    with connection.cursor() as cursor:
        cursor.execute(RUNNING, [SPACE, FLEET])
        found = cursor.fetchone()
    if not found:
        return None
    pid, name, since = found
    # Who is neither the owner nor a monitor is not shown since when.
    began = f", connected since {since:%H:%M:%S %Z}" if since else ""
    return f"A run is under way ({name or 'its name is hidden'}){began}, database process {pid}."
