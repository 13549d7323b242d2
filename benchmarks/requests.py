"""What a workspace costs a request: plain Django REST framework, stock django-tenants and ours.

    python -m embedded exec --profile test -- python -m benchmarks.requests [rounds]

The same view with one query in three processes, which take turns, so that noise hits all alike:
read the ratios. Every answer is checked. Round trips to PostgreSQL are counted on the wire.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.mixed import stage
from tests.fixtures import wire

AIM = 1.15
BATCH = 20
WARM_UP = 200
COUNTED = 10


class Variant:
    """One of the three, in its own process."""

    def __init__(self, name: str, database: str) -> None:
        self.times: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.steady"],
            cwd=stage.ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database,
                "DATABASE_POOL_SIZE": "0",
                "DJANGO_SETTINGS_MODULE": f"benchmarks.steady.{name}_settings",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, count: int) -> list[float]:
        """Microseconds of so many requests, one after the other."""
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("A variant ended early; see above.")
        times: list[float] = json.loads(line)
        return times

    def close(self) -> None:
        self._process.communicate("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=100)
    rounds = parser.parse_args().rounds
    with stage.stand(workspaces=2) as stand:
        # Only ours knows a role that owns nothing.
        databases = {"plain": stand.owner, "stock": stand.owner, "ours": stand.application}
        times = measure(databases, rounds)
        trips = {name: count_round_trips(name, url) for name, url in databases.items()}
    report(times, trips)


def measure(databases: dict[str, str], rounds: int) -> dict[str, list[float]]:
    with started(databases) as variants:
        for variant in variants.values():
            variant.ask(WARM_UP)
        for _ in range(rounds):
            for variant in variants.values():
                variant.times += variant.ask(BATCH)
        return {name: variant.times for name, variant in variants.items()}


def count_round_trips(name: str, database: str) -> float:
    """To PostgreSQL, for a request on a connection that is there already."""
    parts = urlsplit(database)
    with wire.tapped(str(parts.hostname), int(parts.port or 5432)) as tap:
        tapped = f"postgresql://{parts.netloc.rpartition('@')[0]}@127.0.0.1:{tap.port}{parts.path}"
        with started({name: tapped}) as variants:
            variants[name].ask(1)
            tap.talk.messages.clear()
            variants[name].ask(COUNTED)
            return tap.talk.round_trips / COUNTED


@contextmanager
def started(databases: dict[str, str]) -> Iterator[dict[str, Variant]]:
    variants = {name: Variant(name, url) for name, url in databases.items()}
    try:
        yield variants
    finally:
        for variant in variants.values():
            variant.close()


def report(times: dict[str, list[float]], trips: dict[str, float]) -> None:
    base = statistics.median(times["plain"])
    labels = {"plain": "plain DRF", "stock": "stock django-tenants", "ours": "ours"}
    print(f"{'':<22} {'p50':>9} {'p95':>9}  against plain   round trips to PostgreSQL")
    for name, found in times.items():
        p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        print(
            f"{labels[name]:<22} {p50:6.0f} µs {p95:6.0f} µs {p50 / base:14.2f}   {trips[name]:.0f}"
        )
    ratio = statistics.median(times["ours"]) / base
    print(f"aim: at most {AIM} times plain: {'reached' if ratio <= AIM else 'missed'}")
    if trips["ours"] > trips["plain"]:
        raise SystemExit("ours took more round trips than plain DRF")


if __name__ == "__main__":
    main()
