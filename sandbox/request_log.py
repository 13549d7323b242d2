"""The last requests the vendor's side has seen, as its own dashboard would show them."""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.database import now
from sandbox.world import World

KEPT = 200
OWN_PATHS = ("/_sandbox", "/healthz", "/favicon.ico")


def is_vendor_call(scope: Scope) -> bool:
    """True for what the product sends; False for pages, management and health."""
    path = scope.get("path", "/")
    return scope["type"] == "http" and path != "/" and not path.startswith(OWN_PATHS)


class RequestLog:
    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_vendor_call(scope):
            await self.app(scope, receive, send)
            return
        seen = {"status": 0}
        started = time.perf_counter()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        finally:
            self._keep(scope, seen["status"], (time.perf_counter() - started) * 1000)
            await self.world.changes.announce()

    def _keep(self, scope: Scope, status: int, milliseconds: float) -> None:
        query = scope["query_string"].decode("latin-1")
        last = self.world.database.run(
            "INSERT INTO requests (method, path, status, milliseconds, key_prefix, fault, "
            "created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            scope["method"],
            scope["path"] + (f"?{query}" if query else ""),
            status,
            milliseconds,
            _key(Headers(scope=scope))[:12],
            scope.get("sandbox.fault", ""),
            now(),
        )
        self.world.database.run("DELETE FROM requests WHERE id <= ?", last - KEPT)


def _key(headers: Headers) -> str:
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


def recent(world: World) -> list[dict[str, Any]]:
    """Newest first. A status of 0 means that the connection closed without an answer."""
    return world.database.rows("SELECT * FROM requests ORDER BY id DESC")
