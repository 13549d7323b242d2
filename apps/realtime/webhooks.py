"""Telling customers' servers what happens in their channels, as Pusher does.

Processes with sockets write it to a stream in Redis (`news`); from there it goes in batches into
deliveries, which outlive Redis (`services.channel_deliveries`), and from those to the servers.

https://pusher.com/docs/channels/server_api/webhooks/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from django.db import transaction
from django_tenants.utils import schema_context

from apps.realtime import keys, redis_clients
from apps.realtime.models import ChannelWebhook
from apps.realtime.services import channel_deliveries

BATCH: Final = 50  # events
READ_AT_ONCE: Final = 500
# Whoever is back within this, as on the way to the next page, has not been away.
LINGER_MS: Final = 3_000
UNDONE_BY: Final = {"channel_vacated": "channel_occupied", "member_removed": "member_added"}


class Entry(NamedTuple):
    """One thing that happened; `id` is the stream's and begins with the time in milliseconds."""

    id: str
    event: dict[str, Any]

    @property
    def at(self) -> int:
        return int(self.id.partition("-")[0])

    @property
    def subject(self) -> tuple[str, str | None]:
        return self.event["channel"], self.event.get("user_id")


def write_wishes() -> dict[str, set[str]]:
    """Tell the processes with sockets what is wanted, by application, and return it. Raises
    redis' `RedisError`.
    """
    wishes: dict[str, set[str]] = {}
    rows = ChannelWebhook.objects.enabled().order_by()
    for app_id, events in rows.values_list("app_id", "events"):
        wishes.setdefault(app_id, set()).update(events)
    redis = redis_clients.of_process()
    gone = set(cast("list[str]", redis.hkeys(keys.WISHES))) - wishes.keys()
    with redis.pipeline() as pipe:
        pipe.delete(keys.WISHES)
        for app_id, wanted in wishes.items():
            pipe.hset(keys.WISHES, app_id, ",".join(sorted(wanted)))
        for app_id in gone:  # what was counted for it is wrong by the time it has a webhook again
            pipe.delete(keys.tally(app_id), keys.news(app_id))
        pipe.execute()
    return wishes


def collect() -> int:
    """Put what has happened into deliveries; returns into how many."""
    with schema_context("public"):
        return sum(_collect(app_id) for app_id in write_wishes())


def settle(entries: Sequence[Entry], *, now: int) -> tuple[list[Entry], list[Entry]]:
    """What can be told at `now` (in ms), and what came to nothing: a channel that was vacated
    and occupied again, a member who was back at once. Whatever may yet come to nothing waits,
    with all that came after it.
    """
    leavings: dict[tuple[str, tuple[str, str | None]], Entry] = {}
    undone: set[str] = set()
    for entry in entries:
        name = entry.event["name"]
        if name in UNDONE_BY:
            leavings[UNDONE_BY[name], entry.subject] = entry
            continue
        left = leavings.pop((name, entry.subject), None)
        if left and entry.at - left.at <= LINGER_MS:
            undone |= {left.id, entry.id}
    told = []
    for entry in entries:
        if entry.id in undone:
            continue
        if entry.event["name"] in UNDONE_BY and now - entry.at < LINGER_MS:
            break
        told.append(entry)
    return told, [entry for entry in entries if entry.id in undone]


def _collect(app_id: str) -> int:
    redis, stream = redis_clients.of_process(), keys.news(app_id)
    found = cast("list[tuple[str, dict[str, str]]]", redis.xrange(stream, count=READ_AT_ONCE))
    entries = [Entry(id_, json.loads(fields["event"])) for id_, fields in found]
    seconds, micros = redis.time()
    told, undone = settle(entries, now=seconds * 1000 + micros // 1000)
    count = 0
    for start in range(0, len(told), BATCH):
        count += _put(app_id, told[start : start + BATCH])
    if done := [entry.id for entry in (*told, *undone)]:
        redis.xdel(stream, *done)
    return count


def _put(app_id: str, batch: Sequence[Entry]) -> int:
    """A delivery for each webhook that wants any of it. Should the process die before the stream
    forgets the batch, it comes here again under the same name, and is there already.
    """
    count = 0
    name = f"{batch[0].id}..{batch[-1].id}"
    for webhook in ChannelWebhook.objects.enabled().filter(app_id=app_id):
        events = [entry.event for entry in batch if webhook.wants(entry.event)]
        if events:
            with transaction.atomic():
                channel_deliveries.put(webhook=webhook, batch=name, events=events)
            count += 1
    return count
