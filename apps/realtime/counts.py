"""Telling channels how many subscriptions they have, where the application wants that.

https://pusher.com/docs/channels/using_channels/events/#pusher-subscription-count
"""

from __future__ import annotations

import asyncio

import structlog
from redis.exceptions import RedisError

from apps.realtime import protocol
from apps.realtime.applications import Application
from apps.realtime.registry import Registry

log = structlog.get_logger(__name__)


class SubscriptionCounts:
    """One process's news of its channels. Changes that come while one is on its way are one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def changed(self, application: Application, channel: str) -> None:
        """Somebody has joined or left the channel here. Does not wait."""
        if not application.tells_counts or not protocol.tells_its_count(channel):
            return
        address = application.address(channel)
        if address in self._telling:
            self._again.add(address)
        else:
            self._telling[address] = asyncio.create_task(self._tell(address))

    def stop(self) -> None:
        for task in self._telling.values():
            task.cancel()
        self._telling.clear()
        self._again.clear()

    async def _tell(self, address: str) -> None:
        try:
            while True:
                self._again.discard(address)
                count = await self._registry.tell_count(address)
                if count > protocol.LARGE_COUNT:
                    await asyncio.sleep(protocol.LARGE_COUNT_SECONDS)
                if address not in self._again:
                    return
        except RedisError as error:
            log.warning("realtime_count_not_told", error=str(error))
        finally:
            self._telling.pop(address, None)
