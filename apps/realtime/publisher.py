"""The one way out for the product's events."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction

from apps.core.database import connection
from apps.realtime import history, protocol, relay
from apps.realtime.events import Event
from apps.realtime.outlets import Message

log = structlog.get_logger(__name__)


def publish(event: Event) -> None:
    """Tell of `event` once the present transaction has committed, or at once without one.

    Never fails and waits for nobody. An event of a workspace is written there with the deed and
    kept for those who are not connected; it goes out as soon as the realtime service takes it.
    One that concerns a person outside of any workspace is sent once.
    """
    if not event.channels:
        return
    schema_name: str | None = getattr(event, "schema_name", None)
    if schema_name is None:
        _publish_loose(event)
        return
    try:
        history.record(event, schema_name=schema_name)
    except DatabaseError as error:  # the workspace is being removed
        log.warning("realtime_event_dropped", name=event.name, reason=str(error))
        return
    transaction.on_commit(lambda: relay.wake(schema_name))


def publish_soon(event: Event) -> None:
    """As `publish`, for what belongs to no transaction and comes many times a second: the process'
    relay writes it in a moment, together with others. A process that is killed before loses it.
    """
    schema_name: str | None = getattr(event, "schema_name", None)
    if schema_name is None or connection.in_atomic_block or not settings.REALTIME_IN_THREAD:
        publish(event)
    elif event.channels:
        relay.hold(event, schema_name=schema_name)


def _publish_loose(event: Event) -> None:
    if protocol.size_of(event.payload) > protocol.MAX_DATA_BYTES:
        log.error("realtime_event_dropped", name=event.name, reason="too large to send")
        return
    message = Message(event.channels, event.name, event.payload)
    transaction.on_commit(lambda: relay.send_loose(message))
