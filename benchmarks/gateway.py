"""What the way through the gateway costs a request: a bare Django view, plain Django REST framework
and the product's full path (workspace, key, limits, usage), side by side.

    python -m embedded exec --profile test -- python -m benchmarks.gateway [rounds]

The same list of twenty rows with one query in three processes, which take turns, so that noise hits
all alike: read the ratios. Time of the CPU is that of the process alone, without PostgreSQL and
Redis, and the steadier one where others share the machine. Ours writes its log as in production,
to nowhere; every answer is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.mixed import stage

AIM = 1.6
MOST_TRIPS = 2
MOST_VERIFY = 1000  # microseconds
BATCH = 20
WARM_UP = 200
LABELS = {"bare": "bare Django", "plain": "plain DRF", "ours": "ours, full path"}


class Variant:
    """One of the three, in its own process."""

    def __init__(self, name: str, database: str) -> None:
        self.times: list[tuple[float, float]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.doors"],
            cwd=stage.ROOT,
            env={
                **os.environ,
                "DATABASE_URL": database,
                "DATABASE_POOL_SIZE": "0",
                "LOG_FORMAT": "json",
                "DJANGO_SETTINGS_MODULE": f"benchmarks.doors.{name}_settings",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, line: str | int) -> Any:
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        if answer := self._process.stdout.readline():
            return json.loads(answer)
        raise SystemExit("A variant ended early: run `python -m benchmarks.doors` to see why.")

    def close(self) -> None:
        self._process.communicate("")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=100)
    rounds = parser.parse_args().rounds
    with stage.stand(workspaces=1) as stand:
        # Only ours knows a role that owns nothing.
        databases = {"bare": stand.owner, "plain": stand.owner, "ours": stand.application}
        variants = {name: Variant(name, url) for name, url in databases.items()}
        try:
            for variant in variants.values():
                variant.ask(WARM_UP)
            for _ in range(rounds):
                for variant in variants.values():
                    variant.times += variant.ask(BATCH)
            costs = variants["ours"].ask("costs")
        finally:
            for variant in variants.values():
                variant.close()
    report({name: variant.times for name, variant in variants.items()}, costs)


def report(times: dict[str, list[tuple[float, float]]], costs: dict[str, float]) -> None:
    base, busy_base = (statistics.median(each) for each in zip(*times["plain"], strict=True))
    print(
        f"{'':<16} {'requests/s':>10} {'p50':>9} {'p99':>9}   against plain DRF"
        f" {'CPU, p50':>11}   against plain DRF"
    )
    for name, pairs in times.items():
        found, busy = zip(*pairs, strict=True)
        p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[-1]
        rate, cpu = 1e6 / statistics.mean(found), statistics.median(busy)
        print(
            f"{LABELS[name]:<16} {rate:10.0f} {p50:6.0f} µs {p99:6.0f} µs {p50 / base:19.2f}"
            f" {cpu:8.0f} µs {cpu / busy_base:19.2f}"
        )
    print(
        f"verifying a key: {costs['key known']:.0f} µs when known, "
        f"{costs['key looked up']:.0f} µs when looked up; its limits: {costs['limits']:.0f} µs"
    )
    queries, trips = int(costs["queries"]), int(costs["round trips to Redis"])
    print(f"a request: {queries} query, its own; {trips} round trip(s) to Redis")
    ratio = statistics.median(wall for wall, _ in times["ours"]) / base
    print(f"aim: at most {AIM} times plain DRF: {'reached' if ratio <= AIM else 'missed'}")
    if queries > 1 or trips > MOST_TRIPS or costs["key looked up"] > MOST_VERIFY:
        raise SystemExit("more queries, round trips or time for a key than is allowed")


if __name__ == "__main__":
    main()
