"""From the committed event to the sockets: numbers first, then sends in that order.

Each process has one thread for it, so that no request waits for Redis or Pusher. Numbers are
committed before anything is sent, and what was sent is noted afterwards: a process that dies in
between leaves events that are sent twice with the same number, which readers leave out.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.events.models import Event
from apps.realtime import history, outlets, protocol
from apps.realtime.models import Errand
from apps.realtime.outlets import Message
from apps.realtime.pusher_api import RealtimeError

log = structlog.get_logger(__name__)

SEND_BATCH: Final = 100
PAUSES: Final = (0.5, 1.0, 2.0, 5.0)  # after failures in a row, in seconds; the last repeats
REST_SECONDS: Final = 0.05  # between two rounds: what comes in the meantime goes out together
IDLE_SECONDS: Final = 10.0  # then the thread gives its database connection back
LEFT_BEHIND: Final = timedelta(seconds=5)
GIVEN_UP: Final = timedelta(hours=6)
MOST_LOOSE: Final = 1_000
_relays: dict[int, Relay] = {}
_starting = threading.Lock()


def wake(schema_name: str) -> None:
    """A transaction of this workspace has committed events. Never fails and does not wait."""
    if settings.REALTIME_IN_THREAD:
        _relay().want(schema_name)
    else:
        _carry_or_leave(schema_name)


def send_loose(message: Message) -> None:
    """Send what belongs to no workspace and is not kept; dropped where that fails."""
    if settings.REALTIME_IN_THREAD:
        _relay().take(message)
    else:
        _send_or_drop(message)


def carry(schema_name: str) -> int:
    """Number and send what a workspace has committed; returns how many were sent. Raises
    `RealtimeError`: what is left then stays in order, for the next call.
    """
    errands = list(Errand.objects.filter(schema_name=schema_name).values_list("pk", flat=True))
    count = 0
    with schema_context(schema_name):
        while history.number() == history.BATCH:
            pass
        while (sent := _send_next()) == SEND_BATCH:
            count += sent
        count += sent
    history.delete_errands(errands)
    return count


def rescue() -> int:
    """Carry what processes that are gone have left behind; returns for how many workspaces."""
    now = timezone.now()
    waiting = Errand.objects.order_by().filter(created_at__lt=now - LEFT_BEHIND)
    names = list(waiting.values_list("schema_name", flat=True).distinct())
    done = sum(_carry_or_leave(name) for name in names)
    if lost := Errand.objects.filter(created_at__lt=now - GIVEN_UP).delete()[0]:
        log.error("realtime_errands_given_up", count=lost)
    return done


def message_of(event: Event) -> Message:
    """As it goes out: what is too large for an event stays here, and its address goes instead."""
    payload = {**event.data, "sequence": event.sequence}
    if protocol.size_of(payload) > protocol.MAX_DATA_BYTES:
        payload = {
            "version": event.version,
            "sequence": event.sequence,
            "reference": f"/api/v1/events/{event.sequence}/",
        }
    return Message(event.channels, event.name, payload)


def _send_next() -> int:
    with transaction.atomic():
        stream = history.locked_stream()
        rows = Event.objects.filter(sequence__gt=stream.sent).order_by("sequence")
        batch = list(rows[:SEND_BATCH])
        if batch:
            outlets.send([message_of(event) for event in batch])
            stream.sent = batch[-1].sequence or stream.sent
            stream.save(update_fields=["sent"])
    return len(batch)


def _carry_or_leave(schema_name: str) -> bool:
    try:
        carry(schema_name)
    except (RealtimeError, DatabaseError) as error:
        log.warning("realtime_events_wait", workspace=schema_name, error=str(error))
        return False
    return True


def _send_or_drop(message: Message) -> None:
    try:
        outlets.send([message])
    except RealtimeError as error:
        log.warning("realtime_event_dropped", name=message.name, reason=error.detail)


def _relay() -> Relay:
    """This process's; a fork starts one of its own."""
    process = os.getpid()
    with _starting:
        if process not in _relays:
            _relays[process] = Relay()
        return _relays[process]


class Relay:
    """The thread. Calls for one workspace that come while it is busy are one."""

    def __init__(self) -> None:
        self._wanted: dict[str, None] = {}
        self._loose: deque[Message] = deque(maxlen=MOST_LOOSE)
        self._wake = threading.Condition()
        threading.Thread(target=self._run, name="realtime-relay", daemon=True).start()

    def want(self, schema_name: str) -> None:
        with self._wake:
            self._wanted[schema_name] = None
            self._wake.notify()

    def take(self, message: Message) -> None:
        with self._wake:
            self._loose.append(message)
            self._wake.notify()

    def _run(self) -> None:
        failures = 0
        while True:
            try:
                failures = 0 if self._work() else failures + 1
            except Exception:  # the worker loop: the thread must outlive whatever happens in it
                log.exception("realtime_relay_failed")
                connection.close()
                failures += 1
            pause = PAUSES[min(failures, len(PAUSES)) - 1] if failures else REST_SECONDS
            threading.Event().wait(pause)

    def _work(self) -> bool:
        """All that is wanted now. False where something stays to be done."""
        names, loose = self._next()
        for message in loose:
            _send_or_drop(message)
        left = [name for name in names if not _carry_or_leave(name)]
        if left:
            connection.close()  # it may be what failed
            with self._wake:
                self._wanted.update(dict.fromkeys(left))
        return not left

    def _next(self) -> tuple[list[str], list[Message]]:
        with self._wake:
            while not self._wanted and not self._loose:
                if not self._wake.wait(timeout=IDLE_SECONDS):
                    connection.close()
            names, self._wanted = list(self._wanted), {}
            loose = list(self._loose)
            self._loose.clear()
        return names, loose
