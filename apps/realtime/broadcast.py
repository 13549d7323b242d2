"""From any process to every socket subscribed to a channel, through Redis' publish/subscribe.

What travels is a line of JSON about the frame and then the frame, serialised once for all its
receivers: a process hands it to its sockets as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final, NamedTuple

from redis.client import Pipeline

from apps.realtime import keys, protocol, redis_clients
from apps.realtime.applications import APP_CHANNEL, Application

_PREFIX: Final = "realtime:channel:"


class Broadcast(NamedTuple):
    """One frame on its way to the channel at `address`.

    `skip` is a socket id that does not get it. `version` orders changes of a presence
    channel's members (microseconds), so that nobody is told what the roll already held.
    `is_kept`: a cache channel gives the frame to whoever joins later.
    """

    address: str
    frame: str
    skip: str | None = None
    version: int | None = None
    is_kept: bool = False

    def encode(self) -> str:
        about = {"skip": self.skip, "version": self.version}
        return f"{protocol.to_json({k: v for k, v in about.items() if v})}\n{self.frame}"

    @classmethod
    def decode(cls, address: str, message: bytes) -> Broadcast:
        """Raises `ValueError` for what `encode` did not write."""
        about, _, frame = message.partition(b"\n")
        known = {} if about == b"{}" else json.loads(about)
        return cls(address, frame.decode(), known.get("skip"), known.get("version"))


def goodbye(application: Application, user_id: str) -> Broadcast:
    """Whatever is sent there closes the user's connections."""
    return Broadcast(application.address(protocol.user_channel(user_id)), "")


def changed(app_id: str) -> Broadcast:
    """Whatever is sent there has every process look at the application anew."""
    return Broadcast(f"{app_id}:{APP_CHANNEL}", "")


def redis_channel(address: str) -> str:
    return _PREFIX + address


def address_of(name: bytes) -> str:
    return name.decode().removeprefix(_PREFIX)


async def send(
    address: str, frame: str, *, skip: str | None = None, version: int | None = None
) -> None:
    """Raises redis' `RedisError` when Redis cannot be reached."""
    message = Broadcast(address, frame, skip, version)
    await redis_clients.of_loop().publish(redis_channel(address), message.encode())


def send_all(broadcasts: Iterable[Broadcast]) -> None:
    """In their order, in one round trip; raises redis' `RedisError`."""
    with redis_clients.of_process().pipeline(transaction=False) as pipe:
        put(pipe, broadcasts)
        pipe.execute()


def put(pipe: Pipeline, broadcasts: Iterable[Broadcast]) -> None:
    """Into a pipeline that does something else besides."""
    for each in broadcasts:
        if each.is_kept:
            pipe.set(keys.cached(each.address), each.frame, ex=protocol.CACHED_SECONDS)
        pipe.publish(redis_channel(each.address), each.encode())
