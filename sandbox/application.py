"""The sandbox as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import management, pages
from sandbox.faults import Faults
from sandbox.request_log import RequestLog
from sandbox.roblox import routes as roblox
from sandbox.roblox.errors import Refusal, form_for
from sandbox.stripe import background
from sandbox.stripe import routes as stripe
from sandbox.world import World

LOOPBACK = ["127.0.0.1", "localhost", "*.localhost", "[::1]"]


async def healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def unknown(request: Request, _error: Exception) -> Response:
    return Refusal(404, "Not found.").as_response(form_for(request.url.path))


async def wrong_method(request: Request, _error: Exception) -> Response:
    return Refusal(405, "Method not allowed.").as_response(form_for(request.url.path))


def build_application(data_dir: Path) -> Starlette:
    """Routes and middleware over the state kept in `data_dir`."""
    world = World.open(data_dir)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with background.running(world):
            yield
        world.database.close()

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            *pages.routes,
            *management.routes,
            *roblox.routes,
            *stripe.routes,
        ],
        middleware=[
            # Only by loopback's names, so that a page elsewhere cannot rebind its own name to us.
            Middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK),
            Middleware(RequestLog, world=world),
            Middleware(Faults, world=world),
        ],
        exception_handlers={404: unknown, 405: wrong_method},
        lifespan=lifespan,
    )
    app.state.world = world
    return app
