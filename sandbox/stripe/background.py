"""What goes on without a request: webhooks are delivered, and time passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sandbox.stripe import clocks, deliveries
from sandbox.world import World

SECOND = 1.0


@contextlib.asynccontextmanager
async def running(world: World) -> AsyncIterator[None]:
    tasks = [
        asyncio.create_task(deliveries.keep_delivering(world)),
        asyncio.create_task(_keep_time(world)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_time(world: World) -> None:
    while True:
        await asyncio.sleep(SECOND)
        if clocks.tick(world.database, world.address):
            world.stripe_deliveries.set()
            await world.changes.announce()
