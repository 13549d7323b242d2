"""The channel layer of channels-redis, with word of each time its subscription was interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from channels_redis.pubsub import (
    RedisPubSubChannelLayer,
    RedisPubSubLoopLayer,
    RedisSingleShardConnection,
)
from channels_redis.utils import _wrap_close, decode_hosts
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

Listener = Callable[[], None]


class RecoveringChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """Calls `on_interruption` listeners of the running loop after each reconnection to Redis.

    Redis keeps nothing for a subscriber that is away, so whoever shows events must know
    that some may have passed unseen.
    """

    def _get_layer(self) -> _LoopLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = _LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        layer: _LoopLayer = self._layers[loop]
        return layer

    def on_interruption(self, listener: Listener | None) -> None:
        """Set the running loop's one listener, or remove it with None."""
        self._get_layer().listener = listener


class _LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    listener: Listener | None = None

    def __init__(self, hosts: Any = None, **options: Any) -> None:
        super().__init__(hosts=hosts, **options)
        self._shards = [_Shard(host, self) for host in decode_hosts(hosts)]

    def interrupted(self) -> None:
        if self.listener is not None:
            self.listener()


class _Shard(RedisSingleShardConnection):  # type: ignore[misc]
    def _ensure_redis(self) -> None:
        if self._redis is not None:
            return
        super()._ensure_redis()
        pool = cast(Any, self._redis).connection_pool
        # A pooled connection that Redis closed while it was idle is replaced without an error.
        pool.connection_kwargs["retry"] = Retry(ExponentialBackoff(cap=0.2, base=0.02), 2)
        self._pubsub = _WatchedPubSub(pool, self.channel_layer.interrupted)


class _WatchedPubSub(PubSub):
    def __init__(self, pool: Any, interrupted: Listener) -> None:
        super().__init__(pool)
        self._interrupted = interrupted

    async def on_connect(self, connection: Any) -> None:
        """redis-py calls this on every connection but the first, to subscribe anew."""
        await super().on_connect(connection)
        if self.channels:
            self._interrupted()
