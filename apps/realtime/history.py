"""A workspace's events in its own schema: written with the deed, numbered after the commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
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
# One statement: every job that ends comes by here.
_RECORD: Final = """
WITH event AS (
    INSERT INTO events_event (name, version, data, channels, audience, created_at)
    VALUES (%(name)s, %(version)s, %(data)s::jsonb, %(channels)s, %(audience)s, %(now)s)
)
INSERT INTO realtime_errand (schema_name, created_at) VALUES (%(schema_name)s, %(now)s)
"""
# Under the lock of the stream's row, taken by a statement before: this one then sees what all who
# had it before have numbered.
_NUMBER: Final = """
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


@dataclass(frozen=True)
class Missed:
    """`events` follow what the asker had. `latest`: the highest number there is. `is_complete`:
    nothing that was not kept lies between. `has_more`: ask again after the last of these.
    """

    events: Sequence[Event]
    latest: int
    is_complete: bool
    has_more: bool


def record(event: Declared, *, schema_name: str) -> None:
    """Write an event and its errand in the caller's transaction. Raises Django's `DatabaseError`
    when the workspace has no such table (any more); the caller's transaction stays usable.
    """
    values = {
        "name": event.name,
        "version": event.version,
        "data": protocol.to_json(event.payload),
        "channels": event.channels,
        "audience": audience_of_channels(event.channels),
        "schema_name": schema_name,
        "now": timezone.now(),
    }
    # Outside of a transaction the statement is one by itself.
    savepoint = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with schema_context(schema_name), savepoint, connection.cursor() as cursor:
        cursor.execute(_RECORD, values)


def delete_errands(ids: Sequence[int]) -> None:
    """One statement, where Django would read them before."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM realtime_errand WHERE id = ANY(%s)", [list(ids)])


def number() -> int:
    """Give numbers to what has been committed in the present workspace; returns how many.

    What becomes visible later gets a higher number, whenever it was written: a sequence of the
    database would number by the time of writing, and leave gaps where transactions fail.
    """
    with transaction.atomic():
        locked_stream()
        with connection.cursor() as cursor:
            cursor.execute(_NUMBER, {"most": BATCH})
            return int(cursor.fetchone()[0])


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
