"""Connections to the Redis that carries frames and holds who is subscribed to what."""

from __future__ import annotations

import asyncio
import os
from functools import cache
from typing import Any, Final
from weakref import WeakKeyDictionary

from django.conf import settings
from redis import Redis
from redis.asyncio import BlockingConnectionPool, Connection
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff

MAX_CONNECTIONS: Final = 50  # of one event loop; more callers than that wait for their turn
_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = WeakKeyDictionary()


def of_loop() -> AsyncRedis:
    """The running event loop's client; text in, text out."""
    loop = asyncio.get_running_loop()
    if loop not in _of_loops:
        pool = BlockingConnectionPool.from_url(
            settings.REALTIME_REDIS_URL,
            decode_responses=True,
            max_connections=MAX_CONNECTIONS,
            timeout=5,
            socket_timeout=5,
            socket_connect_timeout=2,
        )
        _of_loops[loop] = AsyncRedis.from_pool(pool)
    return _of_loops[loop]


async def close_of_loop() -> None:
    client = _of_loops.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose()


def of_process() -> Redis:
    """This process's client for code that is not asynchronous. Gives up after a second or two."""
    return _of_process(settings.REALTIME_REDIS_URL, os.getpid())


def new_subscriber() -> Connection:
    """A bare connection, not yet open, that never tries again by itself. Bytes come out of it."""
    pool: Any = AsyncRedis.from_url(
        settings.REALTIME_REDIS_URL,
        protocol=2,
        socket_timeout=None,
        socket_connect_timeout=2,
        socket_keepalive=True,
        retry=AsyncRetry(NoBackoff(), 0),
    ).connection_pool
    connection: Connection = pool.make_connection()
    return connection


@cache
def _of_process(url: str, _process: int) -> Redis:
    return Redis.from_url(url, decode_responses=True, socket_timeout=2, socket_connect_timeout=1)
