"""From any process to every socket subscribed to a channel, through the channel layer."""

from __future__ import annotations

import hashlib
from typing import Any, TypedDict

from channels.layers import get_channel_layer


class Broadcast(TypedDict):
    """One frame on its way, serialised once for all its receivers.

    `skip` is a socket id that does not get it. `version` orders changes of a presence
    channel's members (microseconds), so that nobody is told what the roll already held.
    """

    type: str
    address: str
    frame: str
    skip: str | None
    version: int | None


def group(address: str) -> str:
    """The layer's name for a channel: group names are shorter and narrower than channel names."""
    return hashlib.sha256(address.encode()).hexdigest()[:40]


async def send(
    address: str, frame: str, *, skip: str | None = None, version: int | None = None
) -> None:
    """Raises redis' `RedisError` when the layer cannot be reached."""
    message = Broadcast(
        type="realtime.frame", address=address, frame=frame, skip=skip, version=version
    )
    layer: Any = get_channel_layer()
    await layer.group_send(group(address), message)
