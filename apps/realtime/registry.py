"""One web process's entries in the shared record of subscriptions, kept under a lease."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

from django.conf import settings
from redis.asyncio import Redis

from apps.realtime import broadcast, keys, protocol, redis_clients, scripts


class Member(NamedTuple):
    """A user of a presence channel; `info` is JSON text."""

    user_id: str
    info: str


class Roll(NamedTuple):
    """Who is in a presence channel at `version`. `is_new`: this connection brought the user in."""

    is_new: bool
    version: int
    members: dict[str, str]


class Full(Exception):
    """The presence channel has as many members as it may."""


class Departure(NamedTuple):
    """Users who left the presence channel at `address`, or went offline, with their last
    connection.
    """

    address: str
    version: int
    user_ids: list[str]


class Registry:
    """All methods raise redis' `RedisError` when Redis cannot be reached.

    `count` gives the present number of this process's subscriptions to an address.
    """

    def __init__(self, count: Callable[[str], int]) -> None:
        self.node = ""
        self._count = count
        self._dirty: set[str] = set()
        self._lock = asyncio.Lock()

    @property
    def _redis(self) -> Redis:
        return redis_clients.of_loop()

    async def open(self) -> None:
        """Sign on, under a new name."""
        self.node = secrets.token_hex(8)
        await self.renew()

    async def record(self, addresses: Iterable[str]) -> bool:
        """Write the counts of these addresses; concurrent callers share one round trip. False
        when this process is not known: Redis came back empty, or the lease had run out.
        """
        self._dirty.update(addresses)
        async with self._lock:
            if not self._dirty:
                return True
            batch, self._dirty = self._dirty, set()
            try:
                return await self._write(batch)
            except BaseException:
                self._dirty |= batch
                raise

    async def renew(self) -> bool:
        """Prolong the lease. False when it had run out: others have taken this process for dead."""
        lease = settings.REALTIME_LEASE_SECONDS
        return bool(await self._run(scripts.RENEW, [keys.NODES], [self.node, lease]))

    async def join(self, address: str, socket_id: str, member: Member) -> Roll:
        """Raises `Full`. Safe to repeat."""
        is_new, version, *pairs = await self._run(
            scripts.JOIN,
            [keys.connections(address), keys.members(address)],
            [socket_id, self.node, *member, protocol.MAX_PRESENCE_MEMBERS],
        )
        if is_new < 0:
            raise Full
        return Roll(bool(is_new), int(version), dict(zip(pairs[::2], pairs[1::2], strict=True)))

    async def leave(self, address: str, socket_id: str, user_id: str) -> Departure:
        was_last, version = await self._run(
            scripts.LEAVE,
            [keys.connections(address), keys.members(address)],
            [socket_id, user_id],
        )
        return Departure(address, int(version), [user_id] if was_last else [])

    async def look(self, addresses: list[str]) -> tuple[int, list[str]]:
        """The version, and which of these addresses have members."""
        version, *found = await self._run(scripts.LOOK, [keys.members(a) for a in addresses], [])
        return int(version), [a for a, is_there in zip(addresses, found, strict=True) if is_there]

    async def tell_count(self, address: str) -> int:
        """Tell all who are subscribed to the address how many they are. Counting and telling are
        one step, so that the last number told is the right one.
        """
        before, after = protocol.count_frame(address.partition(":")[2])
        return int(
            await self._run(
                scripts.TELL_COUNT,
                [keys.NODES],
                [
                    keys.node(""),
                    address,
                    broadcast.redis_channel(address),
                    f"{{}}\n{before}",
                    after,
                ],
            )
        )

    async def note_count(self, address: str) -> int:
        """Write down for webhooks whether the channel has become occupied or vacated."""
        application_id, _, channel = address.partition(":")
        names = [keys.NODES, keys.tally(application_id), keys.news(application_id)]
        given = [keys.node(""), address, channel, protocol.MOST_NEWS]
        return int(await self._run(scripts.NOTE_COUNT, names, given))

    async def sweep(self) -> tuple[list[Departure], set[str]]:
        """Remove what dead processes left behind. Also gives the addresses they were subscribed
        to.
        """
        departures, left = [], set()
        for dead in await self._run(scripts.EXPIRED, [keys.NODES], []):
            addresses = cast("list[str]", await self._redis.hkeys(keys.node(dead)))
            left.update(addresses)
            departures += [await self._evict(dead, a) for a in addresses if _has_members(a)]
            await self._run(scripts.FORGET, [keys.NODES, keys.node(dead)], [dead])
        return [departure for departure in departures if departure.user_ids], left

    async def close(self) -> None:
        """Sign off."""
        await self._redis.zrem(keys.NODES, self.node)
        await self._redis.delete(keys.node(self.node))

    async def _write(self, addresses: set[str]) -> bool:
        counts = {address: self._count(address) for address in addresses}
        async with self._redis.pipeline(transaction=False) as pipe:
            for address, count in counts.items():
                if count:
                    pipe.hset(keys.node(self.node), address, str(count))
                else:
                    pipe.hdel(keys.node(self.node), address)
            pipe.zscore(keys.NODES, self.node)
            return (await pipe.execute())[-1] is not None

    async def _evict(self, dead: str, address: str) -> Departure:
        version, *user_ids = await self._run(
            scripts.EVICT,
            [keys.NODES, keys.connections(address), keys.members(address)],
            [dead],
        )
        return Departure(address, int(version), user_ids)

    async def _run(self, script: str, names: list[str], arguments: list[Any]) -> Any:
        return await self._redis.register_script(script)(keys=names, args=arguments)


def _has_members(address: str) -> bool:
    channel = address.partition(":")[2]
    return protocol.is_presence(channel) or protocol.is_user_channel(channel)
