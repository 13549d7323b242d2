"""From the committed event to the sockets: numbers first, then sends in that order.

Each process has one thread for it, so that no request waits for Redis or Pusher. Numbers are
committed before anything is sent, and what was sent is noted afterwards: a process that dies in
between leaves events that are sent twice with the same number, which readers leave out.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.events.models import Event
from apps.jobs.services import time_limits
from apps.realtime import history, outlets, protocol
from apps.realtime.events import Event as Declared
from apps.realtime.models import Errand
from apps.realtime.outlets import Message
from apps.realtime.pusher_api import RealtimeError

log = structlog.get_logger(__name__)

SEND_BATCH: Final = 100
PAUSES: Final = (0.5, 1.0, 2.0, 5.0)  # after failures in a row, in seconds; the last repeats
# Between two rounds what comes goes out together. A round's work is on the way of all else that its
# process does, so the longer it took, the longer is the rest.
REST_SECONDS: Final = 0.05
WORKERS_REST_SECONDS: Final = 0.25
REST_SHARE: Final = 9
REST_SECONDS_EACH: Final = 0.01  # event: of a flood people are told in larger parts
LONGEST_REST_SECONDS: Final = 1.0
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


def hold(event: Declared, *, schema_name: str) -> None:
    """Have an event written and sent in this process' next round."""
    _relay().hold(event, schema_name)


def write_held() -> None:
    """Before the process ends: what it holds is written, and sent by `rescue` of another one."""
    if relay := _relays.get(os.getpid()):
        relay.write_held()


def carry(schema_name: str) -> int:
    """Number and send what a workspace has committed; returns how many were sent. Raises
    `RealtimeError`: what is left then stays in order, for the next call.
    """
    with schema_context(schema_name):
        errands = history.number(schema_name=schema_name)
        count = sent = _send_next(errands)
        while sent == SEND_BATCH:
            count += (sent := _send_next(errands))
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


def _send_next(errands: list[int]) -> int:
    """One batch; with the last one the errands are done."""
    with transaction.atomic():
        batch = history.unsent(SEND_BATCH)
        if batch:
            outlets.send([message_of(event) for event in batch])
        if batch or errands:
            is_last = len(batch) < SEND_BATCH
            history.note_sent(batch, errands=errands if is_last else ())
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


def _pause(failures: int, lasted: float, held: int) -> float:
    """Seconds until the next round, after one that lasted so long and wrote so many."""
    if failures:
        return PAUSES[min(failures, len(PAUSES)) - 1]
    least = WORKERS_REST_SECONDS if time_limits.is_in_worker() else REST_SECONDS
    return min(max(least, REST_SHARE * lasted, REST_SECONDS_EACH * held), LONGEST_REST_SECONDS)


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
        self._held: dict[str, list[Declared]] = {}
        self._loose: deque[Message] = deque(maxlen=MOST_LOOSE)
        self._wake = threading.Condition()
        threading.Thread(target=self._run, name="realtime-relay", daemon=True).start()
        atexit.register(self.write_held)

    def want(self, schema_name: str) -> None:
        with self._wake:
            self._wanted[schema_name] = None
            self._wake.notify()

    def hold(self, event: Declared, schema_name: str) -> None:
        with self._wake:
            self._held.setdefault(schema_name, []).append(event)
            self._wanted[schema_name] = None
            self._wake.notify()

    def write_held(self) -> bool:
        """False when the database is away: it is held on to then."""
        while taken := self._next_held():
            schema_name, events = taken
            try:
                history.record(*events, schema_name=schema_name)
            except (OperationalError, InterfaceError) as error:
                log.warning("realtime_events_wait", workspace=schema_name, error=str(error))
                with self._wake:
                    self._held[schema_name] = events + self._held.get(schema_name, [])
                return False
            except DatabaseError as error:  # the workspace is being removed
                log.warning("realtime_event_dropped", workspace=schema_name, reason=str(error))
        return True

    def _next_held(self) -> tuple[str, list[Declared]] | None:
        with self._wake:
            schema_name = next(iter(self._held), None)
            if schema_name is None:
                return None
            events = self._held.pop(schema_name)
            if rest := events[history.BATCH :]:
                self._held[schema_name] = rest
            return schema_name, events[: history.BATCH]

    def take(self, message: Message) -> None:
        with self._wake:
            self._loose.append(message)
            self._wake.notify()

    def _run(self) -> None:
        failures = 0
        while True:
            begun, held = time.monotonic(), 0
            try:
                names, loose, held = self._next()
                begun = time.monotonic()
                failures = 0 if self._work(names, loose) else failures + 1
            except Exception:  # the worker loop: the thread must outlive whatever happens in it
                log.exception("realtime_relay_failed")
                connection.close()
                failures += 1
            threading.Event().wait(_pause(failures, time.monotonic() - begun, held))

    def _work(self, names: list[str], loose: list[Message]) -> bool:
        """All that was wanted. False where something stays to be done."""
        is_written = self.write_held()
        for message in loose:
            _send_or_drop(message)
        left = [name for name in names if not (is_written and _carry_or_leave(name))]
        if left:
            connection.close()  # it may be what failed
            with self._wake:
                self._wanted.update(dict.fromkeys(left))
        return not left

    def _next(self) -> tuple[list[str], list[Message], int]:
        with self._wake:
            while not self._wanted and not self._loose:
                if not self._wake.wait(timeout=IDLE_SECONDS):
                    connection.close()
            names, self._wanted = list(self._wanted), {}
            loose = list(self._loose)
            self._loose.clear()
            held = sum(len(events) for events in self._held.values())
        return names, loose, held
