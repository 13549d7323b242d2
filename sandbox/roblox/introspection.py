"""What a key may do.

https://create.roblox.com/docs/cloud/auth/api-keys#introspect-api-keys
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.roblox import keys
from sandbox.roblox.errors import Form, Refusal
from sandbox.world import world_of


async def introspect(request: Request) -> Response:
    try:
        return JSONResponse(_grants(await _key(request)))
    except Refusal as refusal:
        return refusal.as_response(Form.GATEWAY)


async def _key(request: Request) -> keys.Key:
    try:
        body: Any = await request.json()
    except ValueError as error:
        raise Refusal(400, "", fields={"$": ["The body is not valid JSON."]}) from error
    text = body.get("apiKey") if isinstance(body, dict) else None
    if not isinstance(text, str) or not text:
        raise Refusal(400, "", fields={"ApiKey": ["The ApiKey field is required."]})
    key = keys.find(world_of(request), text)
    if key is None or key.status == "revoked":
        raise Refusal(401, "Invalid API Key")
    if key.status == "moderated":
        raise Refusal(403, "The key's user is under moderation.")
    return key


def _grants(key: keys.Key) -> dict[str, Any]:
    expiry = {"expirationTimeUtc": key.expires_at} if key.expires_at else {}
    return {
        "name": key.name,
        "authorizedUserId": key.owner_id,
        "scopes": key.scopes,
        "enabled": key.status == "active",
        "expired": key.expired,
        **expiry,
    }
