"""One web process's subscription to Redis, over one connection that is mended when it breaks."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

import structlog
from redis.asyncio import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from apps.realtime import broadcast, endings, redis_clients

log = structlog.get_logger(__name__)

CONFIRM_SECONDS: Final = 5.0
PAUSES: Final = (0.0, 0.05, 0.1, 0.2, 0.5)  # before each attempt to come back; the last repeats
# Messages handed out before the sockets' writers get their turn.
BURST: Final = 32
# Kept subscribed to, so that Redis always answers in the form of a subscriber.
_ANCHOR: Final = "realtime:anchor"


class Feed:
    """`deliver(address, message)` gets each message in the order of sending.

    Redis keeps nothing for a subscriber that is away: after each interruption `interrupted()` is
    called, once everything is subscribed to again, because something may have passed unseen.
    """

    def __init__(
        self, deliver: Callable[[str, bytes], None], interrupted: Callable[[], None]
    ) -> None:
        self._deliver = deliver
        self._interrupted = interrupted
        self._addresses: set[str] = set()
        self._unconfirmed: dict[bytes, asyncio.Future[None]] = {}
        self._connection: Connection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._number = itertools.count(1)

    async def open(self) -> None:
        """Raises redis' `RedisError` when Redis is away."""
        self._connection = await self._connect()
        self._reader = asyncio.create_task(self._run(self._connection))

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await endings.end(reader)
        await self._hang_up(RedisConnectionError("The feed was closed"))
        self._addresses.clear()

    def hears(self, address: str) -> bool:
        return address in self._addresses

    async def listen(self, address: str) -> None:
        """Returns once Redis has confirmed, so that nothing sent from now on is missed. Raises
        redis' `RedisError`; the address then stays closed.
        """
        try:
            await self._request("SUBSCRIBE", broadcast.redis_channel(address))
        except RedisError:
            self._addresses.discard(address)
            raise
        self._addresses.add(address)

    async def ignore(self, address: str) -> None:
        """Never fails: a broken connection is subscribed anew without this address."""
        self._addresses.discard(address)
        with contextlib.suppress(RedisError, OSError):
            if self._connection is not None:
                name = broadcast.redis_channel(address)
                await self._connection.send_command("UNSUBSCRIBE", name)

    async def check(self) -> None:
        """Have a connection that no longer answers taken for broken."""
        with contextlib.suppress(RedisError):
            await self._request("PING")

    async def _request(self, command: str, *names: str) -> None:
        if self._connection is None:
            raise RedisConnectionError("The subscription to Redis is interrupted")
        connection = self._connection
        key = names[0].encode() if names else b""
        future = self._unconfirmed.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            await connection.send_command(command, *names)
            async with asyncio.timeout(CONFIRM_SECONDS):
                await asyncio.shield(future)
        except (TimeoutError, OSError) as error:
            await connection.disconnect(nowait=True)
            raise RedisTimeoutError("Redis did not confirm in time") from error

    async def _run(self, connection: Connection) -> None:
        while True:
            try:
                while True:
                    await self._take(await connection.read_response(timeout=math.inf))
            except (RedisError, OSError) as error:
                log.warning("realtime_feed_interrupted", error=str(error))
                await self._hang_up(error)
            connection = await self._come_back()
            self._connection = connection
            log.info("realtime_feed_restored", channels=len(self._addresses))
            self._interrupted()

    async def _come_back(self) -> Connection:
        for attempt in itertools.count():
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            with contextlib.suppress(RedisError, OSError):
                return await self._connect()
        raise AssertionError

    async def _connect(self) -> Connection:
        """A connection on which everything wanted is confirmed."""
        connection: Any = redis_clients.new_subscriber()
        wanted = {_ANCHOR, *map(broadcast.redis_channel, self._addresses)}
        try:
            await connection.connect()
            await connection.send_command("SUBSCRIBE", *wanted)
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._await_all(connection, wanted)
        except BaseException as error:
            await connection.disconnect(nowait=True)
            if isinstance(error, TimeoutError):
                raise RedisTimeoutError("Redis did not confirm in time") from error
            raise
        return cast("Connection", connection)

    async def _await_all(self, connection: Connection, names: Iterable[str]) -> None:
        missing = {name.encode() for name in names}
        while missing:
            reply: Any = await connection.read_response(timeout=math.inf)
            if reply[0] == b"subscribe":
                missing.discard(reply[1])
            else:
                await self._take(reply)

    async def _take(self, reply: Any) -> None:
        if reply[0] == b"message":
            self._hand_out(reply[1], reply[2])
            if next(self._number) % BURST == 0:
                await asyncio.sleep(0)
        elif reply[0] in {b"subscribe", b"pong"}:
            future = self._unconfirmed.pop(reply[1], None)
            if future is not None and not future.done():
                future.set_result(None)

    def _hand_out(self, name: bytes, message: bytes) -> None:
        try:
            self._deliver(broadcast.address_of(name), message)
        except Exception:  # the worker loop: one bad message must not silence all others
            log.exception("realtime_message_lost")

    async def _hang_up(self, error: Exception) -> None:
        connection, self._connection = self._connection, None
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for future in unconfirmed.values():
            if not future.done():
                future.set_exception(RedisConnectionError(str(error)))
                future.exception()  # nobody may be waiting for it any more
        if connection is not None:
            await connection.disconnect(nowait=True)
