"""The load: threads that do one mixed request after another, and the count of what they saw."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError, connection
from django_tenants.utils import schema_context

from benchmarks.mixed import deeds, elsewhere
from benchmarks.mixed.elsewhere import Seen

AT_ONCE = 4
LOST = (OperationalError, InterfaceError, UpdateError, psycopg.OperationalError)


class Alone(NamedTuple):
    """One workspace's request."""

    deed: Callable[[str], Iterable[str]]
    weight: int
    workspaces: int = 1

    def carry_out(self, schemas: list[str]) -> Seen:
        (schema,) = schemas
        with schema_context(schema):
            return [(schema, mark) for mark in self.deed(schema)]


class Together(NamedTuple):
    """Several workspaces at once: each counts as a request."""

    deed: Callable[[list[str]], Seen]
    weight: int
    workspaces: int = AT_ONCE

    def carry_out(self, schemas: list[str]) -> Seen:
        return self.deed(schemas)


Kind = Alone | Together
# With how often each comes in about a thousand.
KINDS: list[Kind] = [
    Alone(deeds.read_all, 180),
    Alone(deeds.read_one, 180),
    Alone(deeds.aggregate, 60),
    Alone(deeds.raw, 100),
    Alone(deeds.raw_with_percent, 60),
    Alone(deeds.session_state, 60),
    Alone(deeds.write, 50),
    Alone(deeds.write_many, 30),
    Alone(deeds.locked_update, 40),
    Alone(deeds.savepoint_undone, 30),
    Alone(deeds.duplicate_in_savepoint, 30),
    Alone(deeds.duplicate, 40),
    Alone(deeds.division_by_zero, 30),
    Alone(deeds.aborted_and_used_again, 30),
    Alone(deeds.timed_out, 10),
    Alone(deeds.iterated, 20),
    Alone(deeds.iterated_in_transaction, 20),
    Alone(deeds.copied, 20),
    Alone(deeds.after_commit, 20),
    Alone(deeds.signalled, 20),
    Alone(elsewhere.thread, 8),
    Alone(elsewhere.job, 3),
    Alone(elsewhere.page, 3),
    Together(elsewhere.coroutines, 3),
    Together(elsewhere.coroutine_threads, 3),
    Together(elsewhere.next_door, 10, workspaces=2),
]
WEIGHTS = [kind.weight for kind in KINDS]
TWO_ANSWERS = (
    "received 2 results",
    "COPY cannot be mixed",
    "cannot mix COPY",
    "too many values to unpack",
)
KILL_EVERY = 0.5
KILLER = "mixed-load"
# The server's own end of a connection of the application, whoever happens to be using it.
KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = %s AND datname = current_database() AND application_name <> %s
ORDER BY random() LIMIT 1
"""


@dataclass
class Tally:
    """What came of it. `foreign` requests were shown another's mark; `broken` ones lost their
    connection, which is taken from them on purpose; `failures` are what nobody meant to happen.
    """

    requests: int = 0
    rows: int = 0
    foreign: int = 0
    broken: int = 0
    seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    foreign_kinds: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.requests += other.requests
        self.rows += other.rows
        self.foreign += other.foreign
        self.broken += other.broken
        for name in ("kinds", "foreign_kinds", "failures"):
            getattr(self, name).update(getattr(other, name))


class Client:
    """One thread's requests, in an order of its own."""

    def __init__(self, seed: int) -> None:
        self.tally = Tally()
        self._random = random.Random(seed)  # noqa: S311 -- to be repeatable

    def work(self, count: int) -> None:
        try:
            while self.tally.requests < count:
                self._request(self._random.choices(KINDS, WEIGHTS)[0])
                connection.close_if_unusable_or_obsolete()
        finally:
            connection.close()

    def _request(self, kind: Kind) -> None:
        name = kind.deed.__name__
        schemas = self._random.sample(elsewhere.schemas(), kind.workspaces)
        try:
            seen = list(kind.carry_out(schemas))
        except Exception as error:  # noqa: BLE001 -- counted, and the load goes on
            if _lost_its_connection(error):
                self.tally.broken += len(schemas)
            else:
                self.tally.failures[f"{name}: {type(error).__name__}: {str(error)[:120]}"] += 1
        else:
            self._count(name, seen)
        self.tally.requests += len(schemas)
        self.tally.kinds[name] += len(schemas)

    def _count(self, name: str, seen: Seen) -> None:
        self.tally.rows += len(seen)
        foreign = {asked: mark for asked, mark in seen if mark != asked}
        self.tally.foreign += len(foreign)
        self.tally.foreign_kinds.update(
            f"{name}: {asked} was shown {mark}" for asked, mark in foreign.items()
        )


def run(requests: int, *, threads: int, seed: int, kill: tuple[str, str] | None) -> Tally:
    """Do about so many requests. `kill` names whose server connections are to be ended meanwhile,
    and the owner's address to do it by.
    """
    deeds.listen()
    elsewhere.schemas()
    clients = [Client(seed * 1000 + number) for number in range(threads)]
    workers = [threading.Thread(target=c.work, args=(-(-requests // threads),)) for c in clients]
    begun = time.perf_counter()
    with _killer(kill):
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    total = Tally(seconds=time.perf_counter() - begun)
    for client in clients:
        total.add(client.tally)
    return total


def _lost_its_connection(error: Exception) -> bool:
    """A command that meets the end of its connection gets two answers, the server's and the
    pooler's, which psycopg calls by many names. Without `kill` nothing may be called so.
    """
    raw = connection.connection
    given_up = raw is None or raw.broken
    return isinstance(error, LOST) or given_up or any(word in str(error) for word in TWO_ANSWERS)


@contextmanager
def _killer(kill: tuple[str, str] | None) -> Iterator[None]:
    done = threading.Event()
    thread = threading.Thread(target=_keep_killing, args=(done, *(kill or ("", ""))))
    thread.start()
    yield
    done.set()
    thread.join()


def _keep_killing(done: threading.Event, user: str, url: str) -> None:
    if not url:
        return
    with psycopg.connect(url, autocommit=True, application_name=KILLER) as owner:
        while not done.wait(KILL_EVERY):
            owner.execute(KILL, [user, KILLER])
