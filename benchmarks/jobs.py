"""From the wish to its begin, and jobs a second: the product's jobs beside bare Celery on the same
broker, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.jobs [--jobs 120]

A worker of each kind with two processes; the kinds take turns. Ours writes a row and events with
each job, takes turns between workspaces and keeps a lease; bare Celery keeps nothing. Read the
ratios. `p50`, `p99`: from asking to the task's first line, one job at a time, so that the next
one comes when the last has begun.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks import errands
from benchmarks.mixed import stage

AIM = 1.3
ROUNDS = 3
PATIENCE = 120.0
URL = os.environ.get("REDIS_URL", "")
Ask = Callable[[float], object]
COMMANDS = {
    "bare Celery": ["-A", "benchmarks.errands.bare", "worker", "-Q", "bench-bare"],
    "jobs": ["-A", "config", "worker", "-Q", "default", "-I", "benchmarks.errands.ours"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=120, help="of each kind, a round")
    count = parser.parse_args().jobs
    with stage.stand(workspaces=0) as stand:
        asks = _asks()
        waits: dict[str, list[float]] = {kind: [] for kind in asks}
        rates: dict[str, list[float]] = {kind: [] for kind in asks}
        with _worker("bare Celery", stand), _worker("jobs", stand):
            for ask in asks.values():
                _await_all(ask, 20)
            for _ in range(ROUNDS):
                for kind, ask in asks.items():
                    waits[kind] += [_await_all(ask, 1)[0] for _ in range(count // 6)]
                    begun = time.time()
                    _await_all(ask, count)
                    rates[kind].append(count / (time.time() - begun))
    report(waits, rates)


def _asks() -> dict[str, Ask]:
    from benchmarks.errands import bare, ours

    return {
        "bare Celery": bare.run.delay,
        "jobs": lambda sent: ours.run.enqueue(by=None, schema_name="w_alpha", sent=sent),
    }


@contextmanager
def _worker(kind: str, stand: stage.Stand) -> Iterator[None]:
    options = [
        "-c",
        "2",
        "-l",
        "ERROR",
        "--without-gossip",
        "--without-mingle",
        "-n",
        f"{kind[:4]}@bench",
    ]
    env = os.environ | {"DATABASE_URL": stand.application, "DATABASE_OWNER_URL": stand.owner}
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *COMMANDS[kind], *options],
        cwd=stage.ROOT, env=env | {"LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _await_all(ask: Ask, count: int) -> list[float]:
    """Ask for so many; the seconds each waited, once all have begun."""
    broker = errands.client(URL)
    broker.delete(errands.BEGUN)
    for _ in range(count):
        ask(time.time())
    deadline = time.monotonic() + PATIENCE
    while int(broker.llen(errands.BEGUN)) < count:
        if time.monotonic() > deadline:
            raise SystemExit("a job never began")
        time.sleep(0.001 if count == 1 else 0.01)
    pairs = [each.split() for each in broker.lrange(errands.BEGUN, 0, -1)]
    return [float(begun) - float(sent) for sent, begun in pairs]


def report(waits: dict[str, list[float]], rates: dict[str, list[float]]) -> None:
    print(f"{'':<14}{'p50 ms':>9}{'p99 ms':>9}{'jobs/s':>9}")
    found = {}
    for kind, each in waits.items():
        p50, p99 = statistics.median(each), statistics.quantiles(each, n=100)[-1]
        found[kind] = (p50, p99, statistics.median(rates[kind]))
        print(f"{kind:<14}{p50 * 1000:9.1f}{p99 * 1000:9.1f}{found[kind][2]:9.0f}")
    bare, ours = found["bare Celery"], found["jobs"]
    ratios = (ours[0] / bare[0], ours[1] / bare[1], bare[2] / ours[2])
    print(f"{'times slower':<14}{ratios[0]:9.2f}{ratios[1]:9.2f}{ratios[2]:9.2f}")
    verdict = "reached" if max(ratios) <= AIM else "missed"
    print(f"aim: at most {AIM} times bare Celery: {verdict}")


if __name__ == "__main__":
    main()
