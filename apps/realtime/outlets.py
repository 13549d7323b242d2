"""The way out for events: straight to the sockets of the built-in endpoint, or to Pusher."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from redis.exceptions import RedisError

from apps.realtime import applications, broadcast, protocol, pusher_api
from apps.realtime.broadcast import Broadcast


class Message(NamedTuple):
    """One event for its channels; `payload` is JSON-ready."""

    channels: list[str]
    name: str
    payload: dict[str, Any]


def send(messages: Sequence[Message]) -> None:
    """In their order. Raises `RealtimeError`; some may have gone out then."""
    if settings.PUSHER_CLUSTER:
        for message in messages:
            pusher_api.trigger(message.channels, message.name, message.payload)
        return
    try:
        broadcast.send_all(_broadcasts(messages))
    except RedisError as error:
        raise pusher_api.RealtimeError(str(error)) from error


def _broadcasts(messages: Sequence[Message]) -> Iterator[Broadcast]:
    application = applications.product()
    for message in messages:
        data = protocol.to_json(message.payload)
        for channel in message.channels:
            frame = protocol.frame(message.name, data, channel=channel)
            kept = protocol.is_cache(channel)
            yield Broadcast(application.address(channel), frame, is_kept=kept)


def disconnect(user_id: str) -> None:
    """Close a signed-in user's connections for good. Raises `RealtimeError`."""
    if settings.PUSHER_CLUSTER:
        pusher_api.disconnect(user_id)
        return
    try:
        broadcast.send_all([broadcast.goodbye(applications.product(), user_id)])
    except RedisError as error:
        raise pusher_api.RealtimeError(str(error)) from error
