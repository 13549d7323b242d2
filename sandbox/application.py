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
from sandbox.names import management as names
from sandbox.names import server as name_server
from sandbox.request_log import RequestLog
from sandbox.roblox import routes as roblox
from sandbox.roblox.errors import Refusal, form_for
from sandbox.sendgrid import errors as sendgrid_errors
from sandbox.sendgrid import routes as sendgrid
from sandbox.sendgrid import webhook
from sandbox.stripe import background
from sandbox.stripe import routes as stripe
from sandbox.world import World

LOOPBACK = ["127.0.0.1", "localhost", "*.localhost", "[::1]"]


async def healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def unknown(request: Request, _error: Exception) -> Response:
    return _refuse(request, 404, "Not found.")


async def wrong_method(request: Request, _error: Exception) -> Response:
    return _refuse(request, 405, "Method not allowed.")


def _refuse(request: Request, status: int, message: str) -> Response:
    if request.url.path.startswith("/v3/"):
        return sendgrid_errors.Refusal(status, (message, None)).as_response()
    return Refusal(status, message).as_response(form_for(request.url.path))


def build_application(data_dir: Path, *, dns_port: int = 0) -> Starlette:
    """Routes and middleware over the state kept in `data_dir`, and a name server beside them."""
    world = World.open(data_dir)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            background.running(world),
            webhook.reporting(world),
            name_server.serving(world, "127.0.0.1", dns_port) as port,
        ):
            app.state.names = f"127.0.0.1:{port}"
            yield
        world.database.close()

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            *pages.routes,
            *management.routes,
            *names.routes,
            *roblox.routes,
            *stripe.routes,
            *sendgrid.routes,
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
