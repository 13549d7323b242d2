"""The one way out for the product's events."""

from __future__ import annotations

import threading
import time
from typing import Final

import structlog
from django.db import transaction

from apps.realtime import pusher_api
from apps.realtime.events import Event

log = structlog.get_logger(__name__)

# After the endpoint has kept a caller waiting, events are dropped unsent for this long.
PAUSE_SECONDS: Final = 5.0


def publish(event: Event) -> None:
    """Send `event` once the present transaction has committed, or at once without one.

    Never fails: what cannot be delivered is logged and dropped, since pages ask for the
    present state whenever they (re)connect. An endpoint that hangs costs its callers 2 s
    every `PAUSE_SECONDS` at most.
    """
    transaction.on_commit(lambda: _send(event))


def _send(event: Event) -> None:
    if not event.channels:
        return
    if _pause.lasts():
        _drop(event, "paused")
        return
    try:
        pusher_api.trigger(event.channels, event.name, event.payload)
    except pusher_api.RealtimeError as error:
        if error.slow:
            _pause.begin()
        _drop(event, error.detail)


def _drop(event: Event, reason: str) -> None:
    # The event's own workspace: what happens to a job is told from outside of any.
    workspace = getattr(event, "schema_name", None)
    about = {"workspace": workspace} if workspace else {}
    log.warning("realtime_event_dropped", name=event.name, reason=reason, **about)


class _Pause:
    def __init__(self) -> None:
        self._until = 0.0
        self._lock = threading.Lock()

    def begin(self) -> None:
        with self._lock:
            self._until = time.monotonic() + PAUSE_SECONDS

    def lasts(self) -> bool:
        return time.monotonic() < self._until

    def end(self) -> None:
        with self._lock:
            self._until = 0.0


_pause = _Pause()
