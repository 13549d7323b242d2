"""How many subscriptions a channel has, told to its subscribers and to the application's webhooks.

https://pusher.com/docs/channels/using_channels/events/#pusher-subscription-count
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from redis.exceptions import RedisError

from apps.realtime import protocol
from apps.realtime.applications import Application
from apps.realtime.news import News
from apps.realtime.registry import Registry

log = structlog.get_logger(__name__)
OF_CHANNELS = ("channel_occupied", "channel_vacated", "subscription_count")


class SubscriptionCounts:
    """One process's news of its channels. Changes that come while one is on its way are one."""

    def __init__(self, registry: Registry, news: News) -> None:
        self._registry = registry
        self._news = news
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._hurry = asyncio.Event()

    def changed(self, application: Application, channel: str) -> None:
        """Somebody has joined or left the channel here. Does not wait."""
        is_told = application.tells_counts and protocol.tells_its_count(channel)
        self._begin(application.address(channel), is_told=is_told)

    def left_behind(self, address: str) -> None:
        """A process that had subscriptions there has died."""
        self._begin(address, is_told=False)

    async def finish(self) -> None:
        """Wait until all that has changed is told."""
        self._hurry.set()
        await asyncio.gather(*self._telling.values(), return_exceptions=True)
        self._hurry.clear()

    def _begin(self, address: str, *, is_told: bool) -> None:
        application_id, _, channel = address.partition(":")
        is_noted = not channel.startswith("#") and self._news.is_wanted(
            application_id, *OF_CHANNELS
        )
        if not (is_told or is_noted):
            return
        if address in self._telling:
            self._again.add(address)
        else:
            work = self._tell(address, is_told=is_told, is_noted=is_noted)
            self._telling[address] = asyncio.create_task(work)

    async def _tell(self, address: str, *, is_told: bool, is_noted: bool) -> None:
        try:
            while True:
                self._again.discard(address)
                count = await self._registry.tell_count(address) if is_told else 0
                if is_noted:
                    count = await self._registry.note_count(address)
                if count > protocol.LARGE_COUNT:
                    await self._pause()
                if address not in self._again:
                    return
        except RedisError as error:
            log.warning("realtime_count_not_told", error=str(error))
        finally:
            self._telling.pop(address, None)

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(protocol.LARGE_COUNT_SECONDS):
                await self._hurry.wait()
