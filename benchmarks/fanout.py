"""Messages a second to many sockets: the built-in endpoint beside a bare echo, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.fanout [sockets] [events]

Both servers are processes of their own, with the same clients in this one. The bare server
hands each line it gets to all its sockets, over the same `websockets` library and uvicorn
settings, without Redis, channels or signatures: it is what the machine can do at most.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from apps.realtime.signatures import body_md5, request_text, sign

APP_ID, KEY, SECRET = "77", secrets.token_hex(8), secrets.token_hex(16)
CHANNEL = f"bench-{secrets.token_hex(4)}"
BATCH = 10
Trigger = Callable[[int], Awaitable[None]]
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


class Server:
    def __init__(self, application: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", application, "--port", str(self.port)]
        command += ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
        command += ["--log-level", "error", "--lifespan", "off"]
        env = os.environ | {"PUSHER_APP_ID": APP_ID, "PUSHER_KEY": KEY, "PUSHER_SECRET": SECRET}
        env |= {"LOG_LEVEL": "ERROR"}
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


async def drain(connection: ClientConnection, count: int) -> None:
    for _ in range(count):
        await connection.recv()


async def measure(connections: list[ClientConnection], events: int, trigger: Trigger) -> float:
    """Messages delivered a second; all must arrive."""
    await trigger(BATCH)
    await asyncio.gather(*(drain(connection, BATCH) for connection in connections))
    begun = time.perf_counter()
    readers = [asyncio.create_task(drain(c, events)) for c in connections]
    for _ in range(events // BATCH):
        await trigger(BATCH)
    await asyncio.wait_for(asyncio.gather(*readers), 120)
    return len(connections) * events / (time.perf_counter() - begun)


async def open_sockets(port: int, count: int) -> list[ClientConnection]:
    address = f"ws://127.0.0.1:{port}/app/{KEY}?protocol=7"
    return [
        await connect(address, compression=None, max_queue=None, ping_interval=None)
        for _ in range(count)
    ]


async def measure_bare(count: int, events: int) -> float:
    async with Server("benchmarks.fanout:bare") as server:
        connections = await open_sockets(server.port, count)

        async def trigger(number: int) -> None:
            for _ in range(number):
                await connections[0].send(f'{{"event":"e","data":"{"x" * 100}"}}')

        rate = await measure(connections, events, trigger)
        await asyncio.gather(*(connection.close() for connection in connections))
        return rate


async def measure_endpoint(count: int, events: int) -> float:
    async with Server("config.asgi:application") as server:
        connections = await open_sockets(server.port, count)
        for connection in connections:
            await connection.recv()
            await connection.send(
                f'{{"event":"pusher:subscribe","data":{{"channel":"{CHANNEL}"}}}}'
            )
            await connection.recv()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:

            async def trigger(number: int) -> None:
                event = f'{{"channel":"{CHANNEL}","name":"e","data":"{"x" * 100}"}}'
                body = f'{{"batch":[{",".join([event] * number)}]}}'.encode()
                (
                    await http.post(
                        f"/apps/{APP_ID}/batch_events", content=body, params=signed(body)
                    )
                ).raise_for_status()

            rate = await measure(connections, events, trigger)
        await asyncio.gather(*(connection.close() for connection in connections))
        return rate


def signed(body: bytes) -> dict[str, str]:
    query = {
        "auth_key": KEY,
        "auth_timestamp": f"{time.time():.0f}",
        "auth_version": "1.0",
        "body_md5": body_md5(body),
    }
    text = request_text("POST", f"/apps/{APP_ID}/batch_events", query)
    return query | {"auth_signature": sign(SECRET, text)}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sockets", type=int, nargs="?", default=200)
    parser.add_argument("events", type=int, nargs="?", default=500)
    asked = parser.parse_args()
    count, events = asked.sockets, asked.events
    bare_rate = await measure_bare(count, events)
    rate = await measure_endpoint(count, events)
    print(f"{count} sockets, {events} events, all delivered")
    print(f"  bare echo            {bare_rate:>9,.0f} messages/s")
    print(f"  built-in endpoint    {rate:>9,.0f} messages/s  ({rate / bare_rate:.0%} of bare)")


if __name__ == "__main__":
    asyncio.run(main())
