"""The built-in endpoint as its clients meet it: uvicorn on a free port, plain WebSockets."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from pusher import Pusher
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30  # a deadline for busy machines; what arrives is heard at once
FAST = "tests.integration.realtime.fast_settings"
IMPATIENT = "tests.integration.realtime.impatient_settings"


@dataclass
class Endpoint:
    """One web process. `pusher` is the library, set up as its customer."""

    process: subprocess.Popen[str]
    port: int
    app_id: str
    key: str
    secret: str
    pusher: Pusher = field(init=False)

    def __post_init__(self) -> None:
        self.pusher = Pusher(
            self.app_id, self.key, self.secret, ssl=False, host="127.0.0.1", port=self.port
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self, path: str | None = None) -> Socket:
        """To the application as it wants to be met, or to any path and see what comes."""
        return Socket(self, path)


class Socket:
    """A client that speaks the protocol by hand. Use as a context manager."""

    connection: ClientConnection

    def __init__(self, endpoint: Endpoint, path: str | None) -> None:
        self.endpoint = endpoint
        self.path = path
        self.id = ""
        self._opening = contextlib.ExitStack()

    def __enter__(self) -> Self:
        path = self.path or f"/app/{self.endpoint.key}?protocol=7&client=test&version=1"
        address = f"ws://127.0.0.1:{self.endpoint.port}{path}"
        self.connection = self._opening.enter_context(
            connect(address, compression=None, max_queue=None)
        )
        if not self.path:
            self.id = json.loads(self.hear("pusher:connection_established")["data"])["socket_id"]
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.close()

    def say(self, event: str, data: Any = None, **more: Any) -> None:
        self.connection.send(json.dumps({"event": event, "data": data, **more}))

    def hear(self, event: str | None = None, timeout: float = PATIENCE) -> dict[str, Any]:
        """The next message, which must be `event` when one is named. Pings are answered."""
        message = json.loads(self.connection.recv(timeout=timeout))
        while message["event"] == "pusher:ping" != event:
            self.say("pusher:pong", {})
            message = json.loads(self.connection.recv(timeout=timeout))
        assert event in (None, message["event"]), message
        return message

    def join(self, channel: str, user: str | None = None, **info: Any) -> dict[str, Any]:
        """Subscribe, with a signature where the channel needs one; gives the confirmation."""
        self.say("pusher:subscribe", self.ticket(channel, user, **info))
        return self.hear("pusher_internal:subscription_succeeded")

    def ticket(self, channel: str, user: str | None = None, **info: Any) -> dict[str, Any]:
        if not channel.startswith(("private-", "presence-")):
            return {"channel": channel}
        member = {"user_id": user, "user_info": info} if user else None
        signed = self.endpoint.pusher.authenticate(channel, self.id, member)
        signed.pop("shared_secret", None)  # stays with the client
        return {"channel": channel, **signed}

    def leave(self, channel: str) -> None:
        self.say("pusher:unsubscribe", {"channel": channel})
        self.settle()

    def settle(self) -> None:
        """Until the server has dealt with all that was said so far, and nothing else was heard."""
        self.say("pusher:ping", {})
        self.hear("pusher:pong")

    def closing_code(self) -> int:
        """Reads to the end; the code the server closed with."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.connection.recv(timeout=PATIENCE)
        return self.connection.protocol.close_code or 0


@contextlib.contextmanager
def serve(like: Endpoint | None = None, port: int = 0, **environment: str) -> Iterator[Endpoint]:
    """A web process with an application of its own, or with the one of `like`."""
    app_id = like.app_id if like else str(secrets.randbelow(10**12))
    key = like.key if like else secrets.token_hex(8)
    secret = like.secret if like else secrets.token_hex(16)
    env = {
        **os.environ,
        "PUSHER_APP_ID": app_id,
        "PUSHER_KEY": key,
        "PUSHER_SECRET": secret,
        "DJANGO_SETTINGS_MODULE": FAST,
        "REDIS_URL": settings.REALTIME_REDIS_URL,
        **environment,
    }
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
    command += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Endpoint(process, _port(process), app_id, key, secret)
        finally:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:  # it hangs: a failure, and no run without an end
                process.kill()
                raise


def eventually(ask: Callable[[], Any], wanted: Any) -> None:
    """Ask until the answer is the wanted one, against a deadline."""
    deadline = time.monotonic() + PATIENCE
    while (answer := ask()) != wanted:
        assert time.monotonic() < deadline, f"still {answer!r}, not {wanted!r}"


def channel(kind: str = "") -> str:
    """A channel name no other test has."""
    return f"{kind}test.{secrets.token_hex(8)}"


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise AssertionError("the web process did not start:\n" + "".join(said))
