"""The page and the stream that keeps it up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from sandbox import snapshot
from sandbox.pages import forms
from sandbox.roblox import keys, quirks
from sandbox.world import world_of

HEARTBEAT = 15.0
SHOWN_VERSIONS = 5
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


def size(count: int) -> str:
    """Bytes for people: 512 B, 37.2 kB, 12.0 MB."""
    if count < 1000:  # noqa: PLR2004
        return f"{count} B"
    kilo = count / 1000
    return f"{kilo:.1f} kB" if kilo < 1000 else f"{kilo / 1000:.1f} MB"  # noqa: PLR2004


def moment(text: str | None) -> str:
    return datetime.fromisoformat(text).strftime("%d %b %H:%M:%S") if text else "-"


def tone(status: int) -> str:
    """The colour of a status: 0 is a connection that closed without an answer."""
    if status == 0 or status >= 500:  # noqa: PLR2004
        return "bad"
    return "warn" if status >= 400 else "good"  # noqa: PLR2004


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sandbox.pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"size": size, "moment": moment, "tone": tone}
    return environment


TEMPLATES = _environment()


async def overview(request: Request) -> Response:
    context: dict[str, Any] = {
        **snapshot.take(world_of(request)),
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
