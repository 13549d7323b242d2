"""Clients of a workspace's feed that lose their connection under load and come back: what each has
missed is given again, once and in order.

    python -m embedded exec --profile test -- python -m benchmarks.replay [--clients 100]

A web process as in production, with the database; the events are published by this process as a
worker of the product does it. The clients, in this process too, do as `/docs/events/` says. First
each drops its connection without a word, at times of its own, and is away for a while; then all do
so at once, as when a web process is replaced.

`given again`: events that came by `GET /api/v1/events/`. `lost`: never applied by a client.
`doubled`: applied twice by one. `p50`, `p99`: from the first byte of the new connection until
all that was missed has been applied.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import django
import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks import fanout
from benchmarks.mixed import stage

HOST = "load-01.localhost"
SCHEMA = "w_load_01"
CHANNEL = f"private-w-{SCHEMA}"
MANY = 10**9
STAYS, AWAY = (0.5, 3.0), (0.2, 2.0)  # seconds
COLUMNS = ("events", "given again", "lost", "doubled", "disordered", "p50 ms", "p99 ms")
SILENCE = 30.0  # seconds without anything new, after which what is missing counts as lost


def serve() -> Any:
    """The product, with limits that are not in the way."""
    django.setup(set_prefix=False)
    from apps.gateway import throttling
    from apps.usage import plans
    from config import asgi

    plans.FREE.rates.update(key=MANY, person=MANY, workspace=MANY)  # type: ignore[attr-defined]
    plans.FREE.limits.update(api_calls_day=MANY, api_calls_month=MANY)  # type: ignore[attr-defined]
    throttling.ADDRESS = MANY  # type: ignore[misc]
    return asgi.application


class Writer(threading.Thread):
    """Publishes numbered notices until told to stop; every tenth transaction is rolled back."""

    def __init__(self, rate: float) -> None:
        super().__init__(daemon=True)
        self.written = 0
        self.stopping = threading.Event()
        self._pause = 1 / rate

    def run(self) -> None:
        from django.db import connection, transaction

        from apps.realtime import publisher
        from apps.realtime.events import Notice

        tried = 0
        due = time.monotonic()
        while not self.stopping.is_set():
            tried += 1
            is_kept = tried % 10 != 0
            with transaction.atomic():
                text = str(self.written) if is_kept else "never"
                publisher.publish(Notice(schema_name=SCHEMA, level="info", text=text))
                transaction.set_rollback(not is_kept)
            self.written += is_kept
            due += self._pause
            self.stopping.wait(max(0.0, due - time.monotonic()))
        connection.close()


class Client:
    """As the pages' own: `latest` is the last number it has applied."""

    def __init__(self, address: str, api: httpx.AsyncClient) -> None:
        self.address = address
        self.latest: int | None = None
        self.applied: list[str] = []
        self.given_again = 0
        self.delays: list[float] = []  # milliseconds, of the connections after the first
        self._api = api

    async def stay(self, leaving: asyncio.Event) -> None:
        """Connect, catch up, and listen until told to leave; then be gone without a word."""
        begun = time.perf_counter()
        async with connect(self.address, compression=None, max_queue=None) as connection:
            with suppress(ConnectionClosed):
                await self._subscribe(connection)
                held, is_first = await self._catch_up(connection)
                if not is_first:
                    self.delays.append((time.perf_counter() - begun) * 1000)
                for sequence, text in held:
                    self._apply(sequence, text)
                listening = asyncio.create_task(self._listen(connection))
                await leaving.wait()
                listening.cancel()
            connection.transport.abort()

    async def _subscribe(self, connection: ClientConnection) -> None:
        from apps.realtime import pusher_api

        hello = json.loads(await connection.recv())
        socket_id = json.loads(hello["data"])["socket_id"]
        ticket = {"channel": CHANNEL, **pusher_api.authorise(CHANNEL, socket_id)}
        await connection.send(json.dumps({"event": "pusher:subscribe", "data": ticket}))
        answer = json.loads(await connection.recv())
        if answer["event"] != "pusher_internal:subscription_succeeded":
            raise SystemExit(f"not subscribed: {answer}")

    async def _catch_up(self, connection: ClientConnection) -> tuple[list[tuple[int, str]], bool]:
        """What came over the connection meanwhile, and whether this was the first question."""
        held: list[tuple[int, str]] = []
        holding = asyncio.create_task(self._hold(connection, held))
        is_first, has_more = self.latest is None, True
        while has_more:
            after = {} if self.latest is None else {"after": self.latest}
            answer = await self._api.get("/api/v1/events/", params=after)
            missed = answer.raise_for_status().json()
            for event in missed["events"]:
                self.given_again += self._apply(event["sequence"], event["payload"]["text"])
            if not missed["is_complete"]:
                raise SystemExit("told that something is no longer kept")
            has_more = missed["has_more"]
            if self.latest is None:
                self.latest = missed["latest"]
        holding.cancel()
        return held, is_first

    async def _hold(self, connection: ClientConnection, held: list[tuple[int, str]]) -> None:
        with suppress(ConnectionClosed):
            async for text in connection:
                held += _notice(text)

    async def _listen(self, connection: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in connection:
                for sequence, words in _notice(text):
                    self._apply(sequence, words)

    def _apply(self, sequence: int, text: str) -> bool:
        """False for what it has had. A gap is not mended: it shows as lost."""
        if self.latest is not None and sequence <= self.latest:
            return False
        self.latest = sequence
        self.applied.append(text)
        return True


def _notice(text: str | bytes) -> Iterator[tuple[int, str]]:
    message = json.loads(text)
    if message["event"] == "notice":
        payload = json.loads(message["data"])
        yield payload["sequence"], payload["text"]


class Result(NamedTuple):
    written: int
    given_again: int
    lost: int
    doubled: int
    disordered: int
    delays: list[float]


async def measure(clients: list[Client], rate: float, drops: int, *, together: bool) -> Result:
    for client in clients:
        client.latest, client.applied, client.given_again, client.delays = None, [], 0, []
    leave = [asyncio.Event() for _ in clients]
    here = [asyncio.create_task(client.stay(e)) for client, e in zip(clients, leave, strict=True)]
    await _until(lambda: all(client.latest is not None for client in clients))
    writer = Writer(rate)
    writer.start()
    if together:
        for _ in range(drops):
            here, leave = await _drop_all(clients, here, leave)
    else:
        going = [_come_and_go(c, t, e, drops) for c, t, e in zip(clients, here, leave, strict=True)]
        pairs = await asyncio.gather(*going)
        here, leave = [task for task, _ in pairs], [event for _, event in pairs]
    writer.stopping.set()
    await asyncio.to_thread(writer.join)
    await _until(lambda: all(len(client.applied) >= writer.written for client in clients))
    for event in leave:
        event.set()
    await asyncio.gather(*here)
    return _sum(clients, writer.written)


async def _come_and_go(
    client: Client, here: asyncio.Task[None], leaving: asyncio.Event, drops: int
) -> tuple[asyncio.Task[None], asyncio.Event]:
    for _ in range(drops):
        await asyncio.sleep(random.uniform(*STAYS))  # noqa: S311 -- no secret
        leaving.set()
        await here
        await asyncio.sleep(random.uniform(*AWAY))  # noqa: S311 -- no secret
        leaving = asyncio.Event()
        here = asyncio.create_task(client.stay(leaving))
    return here, leaving


async def _drop_all(
    clients: list[Client], here: list[asyncio.Task[None]], leave: list[asyncio.Event]
) -> tuple[list[asyncio.Task[None]], list[asyncio.Event]]:
    await asyncio.sleep(STAYS[1])
    caught_up = sum(len(client.delays) for client in clients)
    for event in leave:
        event.set()
    await asyncio.gather(*here)
    await asyncio.sleep(AWAY[1])
    leave = [asyncio.Event() for _ in clients]
    here = [asyncio.create_task(c.stay(e)) for c, e in zip(clients, leave, strict=True)]
    await _until(lambda: sum(len(c.delays) for c in clients) == caught_up + len(clients))
    return here, leave


async def _until(holds: Callable[[], bool]) -> None:
    """Or until `SILENCE` is over."""
    deadline = time.monotonic() + SILENCE
    while not holds():
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(0.02)


def _sum(clients: list[Client], written: int) -> Result:
    wanted = [str(number) for number in range(written)]
    counts = [Counter(client.applied) for client in clients]
    return Result(
        written=written,
        given_again=sum(client.given_again for client in clients),
        lost=sum(count[text] == 0 for count in counts for text in wanted),
        doubled=sum(max(0, n - 1) for count in counts for n in count.values()),
        disordered=sum(client.applied != sorted(client.applied, key=int) for client in clients),
        delays=sorted(delay for client in clients for delay in client.delays),
    )


async def run(asked: argparse.Namespace, database: str, secret: str) -> None:
    about = {"DATABASE_URL": database, "DATABASE_POOL_SIZE": "16"}
    async with fanout.Server("benchmarks.replay:serve", "--factory", **about) as server:
        address = f"ws://127.0.0.1:{server.port}/app/{fanout.KEY}?protocol=7"
        headers = {"Host": HOST, "Authorization": f"Bearer {secret}"}
        base = f"http://127.0.0.1:{server.port}"
        # Shorter than the server keeps them, so that none is used while it is being closed.
        limits = httpx.Limits(max_connections=20, keepalive_expiry=2)
        async with httpx.AsyncClient(
            base_url=base, headers=headers, limits=limits, timeout=60, trust_env=False
        ) as api:
            clients = [Client(address, api) for _ in range(asked.clients)]
            print(
                f"{asked.clients} clients, each {asked.drops} times away, {asked.rate:.0f} events/s"
            )
            print(f"  {'':18}" + "".join(f"{name:>13}" for name in COLUMNS))
            for name, together in (("each at its time", False), ("all at once", True)):
                r = await measure(clients, asked.rate, asked.drops, together=together)
                numbers = (*r[:5], fanout.quantile(r.delays, 0.5), fanout.quantile(r.delays, 0.99))
                print(f"  {name:18}" + "".join(f"{number:>13,.0f}" for number in numbers))
                if r.lost or r.doubled or r.disordered:
                    raise SystemExit("not what it shall be: none lost, none doubled, all in order")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=float, default=40, help="events a second")
    parser.add_argument("--drops", type=int, default=4, help="of each client")
    asked = parser.parse_args()
    os.environ.update(
        PUSHER_APP_ID=fanout.APP_ID, PUSHER_KEY=fanout.KEY, PUSHER_SECRET=fanout.SECRET
    )
    with stage.stand(workspaces=1) as stand:
        from apps.gateway.services import api_keys
        from apps.tenants.models import Tenant

        tenant = Tenant.objects.get(schema_name=SCHEMA)
        _, secret = api_keys.create(
            tenant=tenant, name="Benchmark", scopes=["workspace.view"], by=None
        )
        asyncio.run(run(asked, stand.application, secret))


if __name__ == "__main__":
    main()
