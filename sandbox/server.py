"""uvicorn, with a way for an injected fault to cut the connection without an answer."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.application import build_application


class DroppableProtocol(H11Protocol):
    """Puts `scope["state"]["drop"]` in reach: closes the socket, sending nothing more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app_state = {**self.app_state, "drop": self._drop}

    def _drop(self) -> None:
        self.transport.abort()


class AnnouncingServer(uvicorn.Server):
    """Says on standard output where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if sockets:
            host, port = sockets[0].getsockname()[:2]
            print(f"Sandbox ready on http://{host}:{port}", flush=True)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def make_server(data_dir: Path, *, dns_port: int = 0) -> uvicorn.Server:
    """A server over the state in `data_dir`; run it with `run(sockets=[listen(...)])`."""
    config = uvicorn.Config(
        build_application(data_dir, dns_port=dns_port),
        http=DroppableProtocol,
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return AnnouncingServer(config)
