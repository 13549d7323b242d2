"""The page and the stream that keeps it up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from sandbox import snapshot
from sandbox.pages import forms
from sandbox.pages.frame import HEADERS, TEMPLATES
from sandbox.roblox import keys, quirks
from sandbox.world import world_of

HEARTBEAT = 15.0
SHOWN_VERSIONS = 5


async def overview(request: Request) -> Response:
    context: dict[str, Any] = {
        **snapshot.take(world_of(request)),
        "here": "/",
        "revealed": forms.reveal(request),
        "problem": request.query_params.get("problem", ""),
        "presets": forms.PRESETS,
        "scopes": keys.RELEASE_SCOPES,
        "moderation_states": quirks.MODERATION,
        "shown_versions": SHOWN_VERSIONS,
        "address": str(request.base_url).rstrip("/"),
    }
    return HTMLResponse(TEMPLATES.get_template("page.html").render(context), headers=HEADERS)


async def events(request: Request) -> Response:
    """Server-sent events: the revision, each time it changed."""
    changes = world_of(request).changes

    async def stream() -> AsyncIterator[str]:
        seen = changes.revision
        yield f"data: {seen}\n\n"
        while True:
            newest = await changes.after(seen, patience=HEARTBEAT)
            yield ": still here\n\n" if newest == seen else f"data: {newest}\n\n"
            seen = newest

    return StreamingResponse(stream(), media_type="text/event-stream", headers=HEADERS)
