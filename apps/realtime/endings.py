"""Ending the event loop's tasks for certain."""

from __future__ import annotations

import asyncio
from typing import Any, Final

AGAIN_SECONDS: Final = 0.02


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel the task and wait until it is over, whatever it ends with.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, with which redis-py sends, loses a
    cancellation that comes together with the end of what it waits for
    (https://github.com/python/cpython/issues/86296), and the task goes on.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=AGAIN_SECONDS)
    if not task.cancelled():
        task.exception()  # whoever ends it has no use for it
