"""Messages a second to many sockets: the built-in endpoint beside the layers of channels_redis, in
one run, with a bare echo for what the machine can do at most.

    python -m embedded exec --profile test -- python -m benchmarks.fanout [--sockets 200 1000]

Each server is one process with the same uvicorn settings. The clients are in this process, which
also sends the events as a worker of the product does, through Redis; to the bare echo by a socket.
The layers are used as Channels' documentation has it: a consumer a socket, one group for all, each
event sent to the group.

`messages/s`: as fast as it goes, until everything has arrived or nothing came for five seconds.
`lost`: what never came. `p50`, `p99`: from sending to a socket's hearing, at ten events a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Self

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import channel_layers
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import ClientConnection, connect

from apps.realtime import broadcast, protocol
from apps.realtime.applications import Application
from apps.realtime.broadcast import Broadcast

APP_ID, KEY, SECRET = "77", secrets.token_hex(8), secrets.token_hex(16)
CHANNEL = f"bench-{secrets.token_hex(4)}"
BATCH = 10
PACED = 20
SILENCE = 5.0  # seconds
SENT = re.compile(r"\bt(\d{6,})")
Trigger = Callable[[list[str]], Awaitable[None]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


_bare_sockets: set[Send] = set()


async def bare(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The other server: whatever one socket says goes to all of them."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    _bare_sockets.add(send)
    while (message := await receive())["type"] == "websocket.receive":
        for each in list(_bare_sockets):
            await each({"type": "websocket.send", "text": message["text"]})
    _bare_sockets.discard(send)


_layers: dict[str, Any] = {}


def _layer(kind: str) -> Any:
    if kind not in _layers:
        backend = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}[kind]
        _layers[kind] = backend(hosts=[os.environ["REDIS_URL"]], prefix=f"bench-{kind}")
    return _layers[kind]


class Listening(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        await self.channel_layer.group_add("all", self.channel_name)
        await self.accept()

    async def frame(self, message: dict[str, Any]) -> None:
        await self.send(text_data=message["text"])


async def _layered(kind: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        channel_layers.set(kind, _layer(kind))
        consumer: Any = type("Consumer", (Listening,), {"channel_layer_alias": kind})
        await consumer.as_asgi()(scope, receive, send)


async def core(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await _layered("core", scope, receive, send)


async def pubsub(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await _layered("pubsub", scope, receive, send)


class Server:
    """One web process; `options` are more of uvicorn's, `about` adds to its environment."""

    def __init__(self, application: str, *options: str, **about: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(self.port)]
        command += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
        command += ["--log-level", "error", "--lifespan", "off", *options]
        env = os.environ | {"PUSHER_APP_ID": APP_ID, "PUSHER_KEY": KEY, "PUSHER_SECRET": SECRET}
        env |= {"LOG_LEVEL": "ERROR", "DJANGO_SETTINGS_MODULE": "config.settings"} | about
        self.process = subprocess.Popen(command, env=env)

    async def __aenter__(self) -> Self:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            await asyncio.sleep(0.1)
        raise SystemExit("the server did not start")

    async def __aexit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()


class Result(NamedTuple):
    rate: float
    lost: int
    p50: float  # milliseconds
    p99: float


class Listener:
    """One socket that counts what it hears and, where an event says when it was sent, how late."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.count = 0
        self.delays: list[float] = []
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for text in self.connection:
            self.count += 1
            if sent := SENT.search(str(text)):
                self.delays.append((time.perf_counter_ns() - int(sent[1])) / 1e6)


async def arrived(listeners: list[Listener], wanted: int) -> tuple[float, int]:
    """When the last message came, and how many did not, once nothing came for `SILENCE`."""
    last, before = time.perf_counter(), -1
    while True:
        now = sum(listener.count for listener in listeners)
        if now != before:
            before, last = now, time.perf_counter()
        if now >= wanted or time.perf_counter() - last > SILENCE:
            return last, wanted - now
        await asyncio.sleep(0.005)


async def measure(connections: list[ClientConnection], events: int, trigger: Trigger) -> Result:
    listeners = [Listener(connection) for connection in connections]
    await trigger(["warm"] * BATCH)
    await arrived(listeners, len(listeners) * BATCH)
    for listener in listeners:
        listener.count = 0
    for _ in range(PACED):
        await trigger([f"t{time.perf_counter_ns()}"])
        await asyncio.sleep(0.1)
    _, lost = await arrived(listeners, len(listeners) * PACED)
    delays = sorted(delay for listener in listeners for delay in listener.delays)
    for listener in listeners:
        listener.count = 0
    begun = time.perf_counter()
    for _ in range(events // BATCH):
        await trigger(["x" * 100] * BATCH)
    ended, missing = await arrived(listeners, len(listeners) * events)
    rate = (len(listeners) * events - missing) / (ended - begun)
    for listener in listeners:
        listener.task.cancel()
    return Result(rate, lost + missing, quantile(delays, 0.5), quantile(delays, 0.99))


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


async def open_sockets(port: int, count: int) -> list[ClientConnection]:
    address = f"ws://127.0.0.1:{port}/app/{KEY}?protocol=7"
    return [
        await connect(
            address, compression=None, max_queue=None, ping_interval=None, open_timeout=60
        )
        for _ in range(count)
    ]


async def measure_plain(kind: str, count: int, events: int) -> Result:
    """The bare echo, or one of the layers."""
    async with Server(f"benchmarks.fanout:{kind}") as server:
        connections = await open_sockets(server.port, count)

        async def trigger(texts: list[str]) -> None:
            for text in texts:
                frame = f'{{"event":"e","data":"{text}"}}'
                if kind == "bare":
                    await connections[0].send(frame)
                else:
                    await _layer(kind).group_send("all", {"type": "frame", "text": frame})

        result = await measure(connections, events, trigger)
        await asyncio.gather(*(connection.close() for connection in connections))
        return result


async def measure_endpoint(count: int, events: int) -> Result:
    async with Server("config.asgi:application") as server:
        connections = await open_sockets(server.port, count)
        for connection in connections:
            await connection.recv()
            await connection.send(
                f'{{"event":"pusher:subscribe","data":{{"channel":"{CHANNEL}"}}}}'
            )
            await connection.recv()
        address = Application(APP_ID, KEY, SECRET).address(CHANNEL)

        async def trigger(texts: list[str]) -> None:
            frames = [protocol.frame("e", text, channel=CHANNEL) for text in texts]
            await asyncio.to_thread(broadcast.send_all, [Broadcast(address, f) for f in frames])

        result = await measure(connections, events, trigger)
        await asyncio.gather(*(connection.close() for connection in connections))
        return result


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--messages", type=int, default=100_000, help="of each server, about")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for count in asked.sockets:
        events = max(BATCH, asked.messages // count // BATCH * BATCH)
        print(f"{count} sockets, {events} events")
        print(f"  {'':22}{'messages/s':>12}{'lost':>8}{'p50 ms':>9}{'p99 ms':>9}")
        results = {
            "bare echo": await measure_plain("bare", count, events),
            "channels_redis core": await measure_plain("core", count, events),
            "channels_redis pubsub": await measure_plain("pubsub", count, events),
            "built-in endpoint": await measure_endpoint(count, events),
        }
        for name, result in results.items():
            print(
                f"  {name:22}{result.rate:>12,.0f}{result.lost:>8,}"
                f"{result.p50:>9.1f}{result.p99:>9.1f}"
            )
        own = results["built-in endpoint"].rate
        for name in ("channels_redis core", "channels_redis pubsub"):
            print(f"  {own / results[name].rate:.1f} times {name}")


if __name__ == "__main__":
    asyncio.run(main())
