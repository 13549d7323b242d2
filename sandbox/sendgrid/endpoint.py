"""What happens to every call before its own rules: key, scope, limit, refusal's form."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.sendgrid.account import Key, authenticate
from sandbox.sendgrid.errors import Refusal, limit_headers
from sandbox.world import World, world_of

Served = Callable[[World, Request], Awaitable[Response]]


def endpoint(scope: str, *, per_minute: int = 600) -> Callable[[Served], Any]:
    """Guard a handler with the scope that its key needs."""

    def guard(handler: Served) -> Callable[[Request], Awaitable[Response]]:
        @functools.wraps(handler)
        async def guarded(request: Request) -> Response:
            await request.body()  # to the end, so that the client gets to see the answer
            try:
                key = authenticate(request)
            except Refusal as refusal:
                return refusal.as_response()
            taken = world_of(request).limits.take(
                key.id, f"sendgrid.{handler.__name__}", per_minute
            )
            headers = limit_headers(limit=taken.limit, remaining=taken.remaining, wait=taken.reset)
            try:
                _admit(key, scope, granted=taken.granted)
                response = await handler(world_of(request), request)
            except Refusal as refusal:
                response = refusal.as_response()
            response.headers.update(headers)
            return response

        return guarded

    return guard


def _admit(key: Key, scope: str, *, granted: bool) -> None:
    if not granted:
        raise Refusal(429, ("too many requests", None))
    if scope not in key.scopes:
        raise Refusal(403, ("access forbidden", None))


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises `Refusal` (415, 400)."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, ("Content-Type should be application/json.", None))
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, ("Bad Request", None))
    return body
