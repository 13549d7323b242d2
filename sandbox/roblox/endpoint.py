"""What happens to every call before its own rules: key, limit, scope, refusal's form."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sandbox.limits import Allowance
from sandbox.roblox.errors import Form, Refusal, form_for
from sandbox.roblox.keys import Key, authenticate
from sandbox.world import world_of

Served = Callable[[Request, Key], Awaitable[Response]]
Guarded = Callable[[Request], Awaitable[Response]]


def endpoint(per_minute: int, *scopes: str) -> Callable[[Served], Guarded]:
    """Guard a handler. Its name is the allowance's, its scopes are all needed."""

    def guard(handler: Served) -> Guarded:
        @functools.wraps(handler)
        async def guarded(request: Request) -> Response:
            try:
                key = authenticate(request)
            except Refusal as refusal:
                await _drain(request)
                return refusal.as_response(Form.GATEWAY)
            allowance = world_of(request).limits.take(key.owner_id, handler.__name__, per_minute)
            try:
                _admit(request, key, allowance, scopes)
                response = await handler(request, key)
            except Refusal as refusal:
                await _drain(request)
                response = refusal.as_response(form_for(request.url.path))
            response.headers.update(allowance.headers())
            return response

        return guarded

    return guard


def _admit(request: Request, key: Key, allowance: Allowance, scopes: tuple[str, ...]) -> None:
    if not allowance.granted:
        raise Refusal(429, "Too many requests", form=Form.GATEWAY)
    universe_id = request.path_params.get("universe_id")
    for scope in scopes:
        if not key.allows(scope, number(request, "universe_id") if universe_id else None):
            raise Refusal(403, f"The API key does not have the scope {scope} on this resource.")


def number(request: Request, name: str) -> int:
    """A numeric part of the path. Raises the RFC 9110 form's `Refusal` (400)."""
    text = str(request.path_params[name])
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        field = "".join(part.capitalize() if i else part for i, part in enumerate(name.split("_")))
        raise Refusal(400, "", fields={field: [f"The value '{text}' is not valid."]})
    return int(text)


async def _drain(request: Request) -> None:
    """Read what the client still sends, so that it gets to see the answer."""
    try:
        async for _chunk in request.stream():
            pass
    except (RuntimeError, ClientDisconnect):
        return  # already read, or nobody is left to answer
