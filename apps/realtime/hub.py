"""All connections of one web process, behind one subscription to Redis.

A frame comes through Redis once per process, already serialised, and is handed to the
process's own sockets from memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from typing import Final, cast
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.realtime import endings, keys, presence, protocol, redis_clients
from apps.realtime.applications import APP_CHANNEL
from apps.realtime.broadcast import Broadcast
from apps.realtime.counts import SubscriptionCounts
from apps.realtime.feed import Feed
from apps.realtime.lookups import Overseer
from apps.realtime.metering import Meter
from apps.realtime.news import News
from apps.realtime.protocol import Code, ProtocolFault, SubscriptionRefused
from apps.realtime.quotas import Quotas
from apps.realtime.registry import Departure, Full, Member, Registry, Roll
from apps.realtime.subscriptions import Connection, Follower, Subscription, Terminator

log = structlog.get_logger(__name__)

RECONNECT_SPREAD_SECONDS: Final = 2.0
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


class Hub:
    """Works while it has connections. Methods raise redis' `RedisError` when Redis is away."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._places: dict[str, dict[str, Subscription]] = {}
        self._departing: set[tuple[str, str, str]] = set()
        self._topology = asyncio.Lock()
        self._lifecycle = asyncio.Lock()
        self._enlisting = asyncio.Lock()
        self._heart: asyncio.Task[None] | None = None
        self._registry = Registry(self._count)
        self.news = News()
        self.meter = Meter()
        self._counts = SubscriptionCounts(self._registry, self.news)
        self._feed = Feed(self._deliver, self._reset_connections)
        self._quotas = Quotas(lambda: self._registry.node)
        self._overseer = Overseer(lambda: self._connections)

    async def enter(self, connection: Connection) -> None:
        """Raises `ProtocolFault` when this process has as many connections as it may, or when
        the connection's key has just ended, and `DatabaseError`.
        """
        if len(self._connections) >= settings.REALTIME_MAX_CONNECTIONS:
            raise ProtocolFault("Over capacity, try again later", Code.OVER_CAPACITY)
        self._connections.add(connection)
        async with self._lifecycle:
            if self._heart is None:
                await self._start()
        if connection.application.workspace:
            await self._follow(connection)

    async def _follow(self, connection: Connection) -> None:
        """Have it follow its application from now on."""
        app_id = connection.application.id
        self.meter.follow(connection.application)
        follower = Follower(connection.outbox, functools.partial(self._overseer.look_soon, app_id))
        await self._take(connection, APP_CHANNEL, follower)
        await self._overseer.verify(connection)
        await self._quotas.admit(connection.application)
        connection.is_counted = True

    async def leave(self, connection: Connection) -> None:
        """End all of the connection's subscriptions. Never fails: what Redis must still hear of
        is told later, or lapses with this process's lease.
        """
        with contextlib.suppress(RedisError):
            await self._vacate(connection, list(connection.subscriptions))
        self._connections.discard(connection)
        if connection.is_counted:
            with contextlib.suppress(RedisError):
                await self._quotas.release(connection.application)
        if connection.ending is not None:
            connection.ending.cancel()
        async with self._lifecycle:
            if self._heart is not None and not self._connections:
                await self._stop()

    async def subscribe(
        self, connection: Connection, channel: str, member: Member | None = None
    ) -> None:
        """Confirm a subscription to the client and tell a presence channel of a new member."""
        address = connection.application.address(channel)
        place = Subscription(connection.outbox, member)
        await self._take(connection, channel, place)
        try:
            roll = await self._join(address, channel, connection.socket_id, member)
            first = await self._first_frame(address, channel)
        except BaseException:
            with contextlib.suppress(RedisError):
                await self._vacate(connection, [channel])
            raise
        place.confirm(_confirmation(channel, roll), roll.version if roll else 0, first)
        if roll and member and roll.is_new:
            await self._announce_arrival(address, connection.socket_id, member, roll)
        self._counts.changed(connection.application, channel)

    async def unsubscribe(self, connection: Connection, channel: str) -> None:
        if channel in connection.subscriptions:
            await self._vacate(connection, [channel])

    async def sign_in(self, connection: Connection, user_id: str) -> None:
        """From now on the user is online, and the connection is closed when they are taken leave
        of.
        """
        channel = protocol.user_channel(user_id)
        address = connection.application.address(channel)
        member = Member(user_id, "null")
        await self._take(connection, channel, Terminator(connection.outbox, member))
        connection.user_id = user_id
        roll = await self._registry.join(address, connection.socket_id, member)
        if roll.is_new:
            await self._announce_arrival(address, connection.socket_id, member, roll)

    async def watch(self, connection: Connection, user_ids: list[str]) -> None:
        """Tell the client who of these users is online, and from now on who comes and goes."""
        if not user_ids:
            return
        places = [Subscription(connection.outbox) for _ in user_ids]
        for user_id, place in zip(user_ids, places, strict=True):
            await self._take(connection, protocol.watch_channel(user_id), place)
        homes = {connection.application.address(protocol.user_channel(u)): u for u in user_ids}
        version, found = await self._registry.look(list(homes))
        online = {homes[address] for address in found}
        connection.outbox.push_frame(protocol.watchlist_frame(online, set(user_ids) - online))
        for place in places:
            place.release(version)

    async def _take(self, connection: Connection, channel: str, place: Subscription) -> None:
        address = connection.application.address(channel)
        connection.subscriptions[channel] = place
        self._places.setdefault(address, {})[connection.socket_id] = place
        try:
            await self._listen(address)
            if not await self._registry.record([address]):
                await self._enlist()
        except BaseException:
            with contextlib.suppress(RedisError):
                await self._vacate(connection, [channel])
            raise

    def _count(self, address: str) -> int:
        return len(self._places.get(address, ()))

    async def _join(
        self, address: str, channel: str, socket_id: str, member: Member | None
    ) -> Roll | None:
        if member is None:
            return None
        try:
            return await self._registry.join(address, socket_id, member)
        except Full:
            raise SubscriptionRefused(
                channel,
                f"A presence channel holds {protocol.MAX_PRESENCE_MEMBERS} members at most",
                kind="LimitReached", status=403, code=Code.OVER_CAPACITY,
            ) from None  # fmt: skip

    async def _first_frame(self, address: str, channel: str) -> str | None:
        """What a cache channel says to whoever joins; None where it is no such channel."""
        if not protocol.is_cache(channel):
            return None
        kept = cast("str | None", await redis_clients.of_loop().get(keys.cached(address)))
        if kept is None:
            await self.news.note("cache_miss", address)
        return kept or protocol.frame("pusher:cache_miss", channel=channel)

    async def _vacate(self, connection: Connection, channels: list[str]) -> None:
        addresses = []
        for channel in channels:
            address = connection.application.address(channel)
            place = connection.subscriptions.pop(channel)
            places = self._places[address]
            del places[connection.socket_id]
            if not places:
                del self._places[address]
            if place.member:
                self._departing.add((address, connection.socket_id, place.member.user_id))
            addresses.append(address)
        if not addresses:
            return
        try:
            # The roll first: others should not see a member who has no connection.
            await self._settle()
            await self._registry.record(addresses)
        finally:
            for address in addresses:
                await self._listen(address)
        for channel in channels:
            self._counts.changed(connection.application, channel)

    async def _settle(self) -> None:
        """Take those who left off their channels' rolls."""
        while self._departing:
            entry = self._departing.pop()
            try:
                departure = await self._registry.leave(*entry)
            except BaseException:
                self._departing.add(entry)
                raise
            await self._announce_departure(departure)

    async def _listen(self, address: str) -> None:
        """Make the feed agree with whether anybody here is in the channel."""
        async with self._topology:
            wanted, heard = address in self._places, self._feed.hears(address)
            if wanted and not heard:
                await self._feed.listen(address)
            elif heard and not wanted:
                await self._feed.ignore(address)

    async def _start(self) -> None:
        await self._registry.open()
        await self.news.refresh()
        await self._feed.open()
        self._heart = asyncio.create_task(self._live())

    async def _stop(self) -> None:
        if self._heart is not None:
            await endings.end(self._heart)
            self._heart = None
        await self._feed.close()
        await self._counts.finish()
        with contextlib.suppress(RedisError, DatabaseError):
            await self.meter.flush()
        # Members that Redis still holds are buried by other processes once the lease is over.
        if not self._departing:
            with contextlib.suppress(RedisError):
                await self._registry.close()
        self._departing.clear()
        await redis_clients.close_of_loop()

    def _deliver(self, address: str, message: bytes) -> None:
        received = Broadcast.decode(address, message)
        shared = {"type": "websocket.send", "text": received.frame}
        places = self._places.get(address, {})
        for socket_id, place in places.items():
            if socket_id != received.skip:
                place.deliver(shared, received.version)
        if received.frame:  # what has none is for the server itself
            self.meter.note(address, len(places) - (received.skip in places))

    async def _live(self) -> None:
        """Hold the lease, finish what Redis could not hear of, bury other processes."""
        while True:
            await asyncio.sleep(settings.REALTIME_HEARTBEAT_SECONDS)
            try:
                await self._feed.check()
                await self._enlist()
                await self._settle()
                await self._quotas.settle()
                await self.meter.flush()
                await self._registry.record([])
                await self.news.refresh()
                departures, left = await self._registry.sweep()
                for departure in departures:
                    await self._announce_departure(departure)
                for address in left:
                    self._counts.left_behind(address)
            except RedisError as error:
                log.warning("realtime_redis_unreachable", error=str(error))
            except Exception:  # the worker loop: without a heartbeat all members would leave
                log.exception("realtime_heartbeat_failed")

    async def _enlist(self) -> None:
        """Renew the lease; when it had lapsed, write down again what is here. Others may have
        taken this process's members for gone, or Redis may have come back empty.
        """
        async with self._enlisting:
            if await self._registry.renew():
                return
            log.warning("realtime_lease_lapsed", connections=len(self._connections))
            await self._registry.record(list(self._places))
            for connection in list(self._connections):
                for channel, place in list(connection.subscriptions.items()):
                    if place.member:
                        await self._rejoin(connection, channel, place.member)

    async def _rejoin(self, connection: Connection, channel: str, member: Member) -> None:
        address = connection.application.address(channel)
        try:
            roll = await self._registry.join(address, connection.socket_id, member)
        except Full:  # others have come meanwhile
            connection.outbox.close(Code.RECONNECT)
            return
        if channel not in connection.subscriptions:  # left while Redis was asked
            self._departing.add((address, connection.socket_id, member.user_id))
        elif roll.is_new:
            # It heard itself leave, so it hears itself arrive: nobody is skipped.
            await self._announce_arrival(address, None, member, roll)

    async def _announce_arrival(
        self, address: str, socket_id: str | None, member: Member, roll: Roll
    ) -> None:
        await self.news.note_arrival(address, member)
        await presence.announce_arrival(address, socket_id, member, roll)

    async def _announce_departure(self, departure: Departure) -> None:
        await self.news.note_departure(departure)
        await presence.announce_departure(departure)

    def _reset_connections(self) -> None:
        """Events may have passed unseen: have every client that waits for some come back and
        look anew. Whoever comes in from now on is not touched.
        """
        listening = [c for c in self._connections if c.subscriptions]
        log.warning("realtime_connections_reset", count=len(listening))
        loop = asyncio.get_running_loop()
        for connection in listening:
            delay = random.uniform(0, RECONNECT_SPREAD_SECONDS)  # noqa: S311 -- no secret
            loop.call_later(delay, connection.outbox.close, Code.RECONNECT)


def _confirmation(channel: str, roll: Roll | None) -> str:
    if roll is None:
        data = "{}"
    else:
        infos = ",".join(f"{protocol.to_json(u)}:{info}" for u, info in roll.members.items())
        ids = protocol.to_json(list(roll.members))
        data = f'{{"presence":{{"count":{len(roll.members)},"ids":{ids},"hash":{{{infos}}}}}}}'
    return protocol.frame("pusher_internal:subscription_succeeded", data, channel=channel)
