"""Django's ASGI handler for a product whose middlewares and views are all synchronous.

A web process has an event loop with all sockets, and a thread for each request; only one of them
computes at a time. So how many there are, and how often a request changes between thread and loop,
is how long a socket waits (`benchmarks/replay.py`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# So many requests are worked on at once; others wait in the loop, where that costs nobody anything.
AT_ONCE: Final = 8
# So long at most: requests that wait for something else themselves should not hold up the others.
PATIENCE_SECONDS: Final = 0.5
# How soon a thread that computes lets the loop go on, by default 5 ms.
SWITCH_SECONDS: Final = 0.0005


class PageHandler(ASGIHandler):
    """Does a request in one go of its thread, where Django's own goes to and fro between thread and
    loop around middlewares and view.
    """

    def __init__(self) -> None:
        super().__init__()
        sys.setswitchinterval(SWITCH_SECONDS)
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        async with self._turn():
            return await sync_to_async(self.get_response)(request)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await turns.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            turns.release()
