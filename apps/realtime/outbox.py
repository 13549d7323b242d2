"""What waits to be written to one socket, and the clocks that watch over it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from apps.realtime import protocol
from apps.realtime.protocol import Code

MAX_WAITING: Final = 2_000  # messages
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outbox:
    """Takes messages without waiting, so that one slow client never holds up the others.

    A client that reads too slowly loses what waits and is closed with 4100: it comes back
    and asks the pages' addresses for the present state.
    """

    def __init__(self) -> None:
        self._waiting: deque[dict[str, Any]] = deque()
        self._wake = asyncio.Event()
        self.is_closed = False

    def push(self, message: dict[str, Any]) -> None:
        """`message` is an ASGI event, shared between sockets: never change it."""
        if self.is_closed:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.clear()
            self.close(Code.OVER_CAPACITY)
            return
        self._waiting.append(message)
        self._wake.set()

    def push_frame(self, text: str) -> None:
        self.push({"type": "websocket.send", "text": text})

    def close(self, code: int) -> None:
        """Close the socket once what waits has been written. Only the first call counts."""
        if not self.is_closed:
            self.is_closed = True
            self._waiting.append({"type": "websocket.close", "code": code})
            self._wake.set()

    async def write_to(self, send: Send) -> None:
        """Runs until the close has been sent or the client is gone."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                message = self._waiting.popleft()
                try:
                    await send(message)
                except OSError:  # uvicorn's word for a client that has gone
                    self.is_closed = True
                    return
                if message["type"] == "websocket.close":
                    return


class ActivityClock:
    """Asks a silent client with a ping and gives up on one that does not answer."""

    def __init__(self, outbox: Outbox, *, idle: float, grace: float) -> None:
        self._outbox = outbox
        self._idle = idle
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer = self._loop.call_later(idle, self._look)

    def touch(self) -> None:
        self._heard = self._loop.time()

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        quiet = self._loop.time() - self._heard
        if quiet < self._idle:
            self._timer = self._loop.call_later(self._idle - quiet, self._look)
            return
        self._outbox.push_frame(protocol.frame("pusher:ping", {}))
        self._timer = self._loop.call_later(self._grace, self._give_up, self._heard)

    def _give_up(self, heard: float) -> None:
        if self._heard > heard:
            self._look()
        else:
            self._outbox.close(Code.NO_PONG)


class Allowance:
    """At most `rate` a second, in any second."""

    def __init__(self, rate: int) -> None:
        self._taken: deque[float] = deque(maxlen=rate)

    def take(self, now: float) -> bool:
        if len(self._taken) == self._taken.maxlen and now - self._taken[0] < 1:
            return False
        self._taken.append(now)
        return True
