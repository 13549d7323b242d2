"""A workspace's events in its own schema: written with the deed, numbered after the commit."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.events.models import Event, Stream
from apps.realtime import protocol
from apps.realtime.authorisation import audience_of_channels
from apps.realtime.events import Event as Declared

KEPT_FOR: Final = timedelta(hours=48)
MOST_KEPT: Final = 100_000  # of one workspace
BATCH: Final = 200
# One statement for all of them: every job that ends comes by here.
_ROW: Final = "(%s, %s, %s::jsonb, %s, %s, %s)"
_RECORD: Final = """
WITH event AS (
    INSERT INTO events_event (name, version, data, channels, audience, created_at) VALUES {rows}
)
INSERT INTO realtime_errand (schema_name, created_at) VALUES (%s, %s)
"""
# Three statements in one message, which is one transaction. The second locks the stream's row; the
# third then sees what all who had the lock before have numbered.
_NUMBER: Final = """
SELECT id FROM realtime_errand WHERE schema_name = %(schema_name)s;
SELECT id FROM events_stream WHERE id = 1 FOR UPDATE;
WITH fresh AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place
    FROM (
        SELECT id FROM events_event WHERE sequence IS NULL ORDER BY id LIMIT %(most)s
    ) AS unnumbered
), numbered AS (
    UPDATE events_event SET sequence = events_stream.last + fresh.place
    FROM fresh, events_stream WHERE events_event.id = fresh.id AND events_stream.id = 1
), moved AS (
    UPDATE events_stream SET last = last + (SELECT count(*) FROM fresh) WHERE id = 1
)
SELECT count(*) FROM fresh
"""
_LOCK_AND_READ: Final = """
SELECT id FROM events_stream WHERE id = 1 FOR UPDATE;
SELECT event.sequence, event.version, event.name, event.channels, event.data
FROM events_stream CROSS JOIN LATERAL (
    SELECT sequence, version, name, channels, data FROM events_event
    WHERE sequence > events_stream.sent ORDER BY sequence LIMIT %s
) AS event
WHERE events_stream.id = 1 ORDER BY event.sequence
"""
_SENT: Final = """
UPDATE events_stream SET sent = greatest(sent, %s) WHERE id = 1;
DELETE FROM realtime_errand WHERE id = ANY(%s)
"""


@dataclass(frozen=True)
class Missed:
    """`events` follow what the asker had. `latest`: the highest number there is. `is_complete`:
    nothing that was not kept lies between. `has_more`: ask again after the last of these.
    """

    events: Sequence[Event]
    latest: int
    is_complete: bool
    has_more: bool


def record(*events: Declared, schema_name: str) -> None:
    """Write events and their errand in the caller's transaction. Raises Django's `DatabaseError`
    when the workspace has no such table (any more); the caller's transaction stays usable.
    """
    now = timezone.now()
    values = [value for event in events for value in _row(event, now)]
    statement = _RECORD.format(rows=", ".join([_ROW] * len(events)))
    # Outside of a transaction the statement is one by itself.
    savepoint = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with schema_context(schema_name), savepoint, connection.cursor() as cursor:
        cursor.execute(statement, [*values, schema_name, now])


def _row(event: Declared, now: datetime) -> list[object]:
    channels = event.channels
    data, audience = protocol.to_json(event.payload), audience_of_channels(channels)
    return [event.name, event.version, data, channels, audience, now]


def number(*, schema_name: str) -> list[int]:
    """Give numbers to what has been committed in the workspace, which is the present one; returns
    the errands that are done when all of that has been sent.

    What becomes visible later gets a higher number, whenever it was written: a sequence of the
    database would number by the time of writing, and leave gaps where transactions fail.
    """
    errands: set[int] = set()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_NUMBER, {"most": BATCH, "schema_name": schema_name})
            errands |= {row[0] for row in cursor.fetchall()}
            cursor.nextset()
            has_stream = cursor.fetchone() is not None
            cursor.nextset()
            if not has_stream:
                Stream.objects.get_or_create(pk=1)
            elif cursor.fetchone()[0] < BATCH:
                return list(errands)


def unsent(limit: int) -> list[Event]:
    """What is to be sent next, in its order; nobody else sends in this workspace until the
    caller's transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_AND_READ, [limit])
        cursor.nextset()
        names = ("sequence", "version", "name", "channels", "data")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [Event(**{**row, "data": json.loads(row["data"])}) for row in rows]


def note_sent(batch: Sequence[Event], *, errands: Sequence[int]) -> None:
    """In the same transaction: these events have been sent, and these errands are done."""
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [batch[-1].sequence if batch else 0, list(errands)])


def locked_stream() -> Stream:
    """The present workspace's, locked until the transaction ends."""
    rows = Stream.objects.select_for_update()
    stream = rows.filter(pk=1).first()
    if stream is None:
        Stream.objects.get_or_create(pk=1)
        stream = rows.get(pk=1)
    return stream


def since(*, after: int | None, audience: Collection[str], limit: int) -> Missed:
    """What the present workspace's events were after number `after`, as far as the audience may
    see them; none, only how far they are, without `after`.
    """
    stream = Stream.objects.filter(pk=1).first() or Stream()
    if after is None:
        return Missed([], stream.last, is_complete=True, has_more=False)
    rows = Event.objects.filter(sequence__gt=after, sequence__lte=stream.last)
    found = list(rows.for_audience(audience).order_by("sequence")[: limit + 1])
    return Missed(
        events=found[:limit],
        latest=stream.last,
        is_complete=stream.forgotten <= after <= stream.last,
        has_more=len(found) > limit,
    )


def forget() -> int:
    """Delete what the present workspace has kept for long enough; returns how many."""
    stream = Stream.objects.filter(pk=1).first()
    if stream is None:
        return 0
    sent = Event.objects.filter(sequence__lte=stream.sent)
    old = sent.filter(created_at__lt=timezone.now() - KEPT_FOR)
    over = max(
        old.aggregate(Max("sequence"))["sequence__max"] or 0,
        min(stream.sent, stream.last - MOST_KEPT),
    )
    if over <= stream.forgotten:
        return 0
    with transaction.atomic():
        stream = locked_stream()
        stream.forgotten = max(stream.forgotten, over)
        stream.save(update_fields=["forgotten"])
        return Event.objects.filter(sequence__lte=over).delete()[0]
