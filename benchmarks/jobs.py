"""From the wish to its begin, and jobs a second: the product's jobs beside bare Celery on the same
broker, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.jobs [--jobs 200]

Each job is wanted as in a request: in a transaction that writes a row of the caller's own, bare
Celery's message after its commit. A worker of each kind with two processes; the kinds take turns,
and each waits until the one before is quiet. Numbers are the medians of the rounds, with the least
and the greatest; read the ratios, the medians of each round's.

| kind | what is kept of a job |
|---|---|
| bare Celery | nothing: a message that is lost is lost |
| with a row | a row of its state, inserted with the wish and updated at its end |
| jobs | `JobRun`: written with the wish, taken in turns, under a lease, its end told to its pages |

`p50`, `p99`: from asking, within the transaction, to the task's first line, one job at a time.
`asked/s`: nobody works meanwhile. `done/s`: of those, until the last has begun. `jobs/s`: asked
and done at the same time.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg

from benchmarks import errands
from benchmarks.mixed import stage

AIM = 1.3
ROUNDS = 7
PATIENCE = 120
QUIET = 0.3
URL = os.environ.get("REDIS_URL", "")
Process = subprocess.Popen[bytes]
BARE = ["-A", "benchmarks.errands.bare", "worker", "-Q"]
COMMANDS = {
    "bare Celery": [*BARE, "bench-bare"],
    "with a row": [*BARE, "bench-recorded"],
    "jobs": ["-A", "config", "worker", "-Q", "default", "-I", "benchmarks.errands.ours"],
}


class Kind(NamedTuple):
    """`ask` is called within a transaction; `found` are its numbers so far, by their column."""

    ask: Callable[[float], object]
    queue: str
    worker: Process
    found: dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=200, help="of each kind, a round")
    count = parser.parse_args().jobs
    with stage.stand(workspaces=0) as stand, ExitStack() as stack:
        with psycopg.connect(stand.owner, autocommit=True) as owner:
            owner.execute(errands.TABLES)
        asks = _asks()
        kinds = {
            name: Kind(
                asks[name],
                command[command.index("-Q") + 1],
                stack.enter_context(_worker(name, stand)),
                {},
            )
            for name, command in COMMANDS.items()
        }
        for kind in kinds.values():
            _await_all(kind, 20)
            _be_quiet(kind)
        for _ in range(ROUNDS):
            for kind in kinds.values():
                _measure(kind, count)
        _require_written(stand)
    report({name: kind.found for name, kind in kinds.items()})


def _asks() -> dict[str, Callable[[float], object]]:
    from django.db import connection, transaction

    from benchmarks.errands import bare, ours

    def ask_bare(sent: float) -> None:
        transaction.on_commit(lambda: bare.run.delay(sent))

    def ask_recorded(sent: float) -> None:
        state_id = str(uuid4())
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_state VALUES (%s, 'wanted', now())", [state_id])
        transaction.on_commit(lambda: bare.run_recorded.delay(sent, state_id))

    def ask_ours(sent: float) -> None:
        ours.run.enqueue(by=None, schema_name="w_alpha", sent=sent)

    return {"bare Celery": ask_bare, "with a row": ask_recorded, "jobs": ask_ours}


@contextmanager
def _worker(kind: str, stand: stage.Stand) -> Iterator[Process]:
    options = ["-c", "2", "-l", "ERROR", "--without-gossip", "--without-mingle"]
    env = os.environ | {"DATABASE_URL": stand.application, "DATABASE_OWNER_URL": stand.owner}
    name = f"{kind.replace(' ', '-')}@bench"
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *COMMANDS[kind], *options, "-n", name],
        cwd=stage.ROOT, env=env | {"LOG_LEVEL": "ERROR"}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _measure(kind: Kind, count: int) -> None:
    def note(column: str, number: float) -> None:
        kind.found.setdefault(column, []).append(number)

    waits = [1000 * _await_all(kind, 1)[0] for _ in range(count)]
    note("p50", statistics.median(waits))
    note("p99", statistics.quantiles(waits, n=100)[-1])
    _be_quiet(kind)
    begun = time.monotonic()
    _await_all(kind, count)
    note("jobs/s", count / (time.monotonic() - begun))
    _be_quiet(kind)
    os.killpg(kind.worker.pid, signal.SIGSTOP)
    begun = time.monotonic()
    _ask(kind, count)
    asked = time.monotonic()
    os.killpg(kind.worker.pid, signal.SIGCONT)
    _await_begun(count)
    note("asked/s", count / (asked - begun))
    note("done/s", count / (time.monotonic() - asked))
    _be_quiet(kind)


def _await_all(kind: Kind, count: int) -> list[float]:
    """Ask for so many; the seconds each waited, once all have begun."""
    _ask(kind, count)
    return _await_begun(count)


def _ask(kind: Kind, count: int) -> None:
    from django.db import connection, transaction

    for _ in range(count):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bench_deed (at) VALUES (now())")
            kind.ask(time.time())


def _await_begun(count: int) -> list[float]:
    waits = []
    for _ in range(count):
        found: Any = errands.client(URL).blpop([errands.BEGUN], timeout=PATIENCE)
        if found is None:
            raise SystemExit("a job never began")
        sent, begun = found[1].split()
        waits.append(float(begun) - float(sent))
    return waits


def _be_quiet(kind: Kind) -> None:
    """Until nothing is left of it that the next would have to share the machine with."""
    from apps.jobs.models import JobRun

    while errands.client(URL).llen(kind.queue) or JobRun.objects.unfinished().exists():
        time.sleep(QUIET)
    time.sleep(QUIET)


def _require_written(stand: stage.Stand) -> None:
    """A worker that cannot write its row is quick, or slow, at something else."""
    with psycopg.connect(stand.owner) as owner:
        left = owner.execute("SELECT count(*) FROM bench_state WHERE ended_at IS NULL").fetchone()
    if left != (0,):
        raise SystemExit(f"{left} rows of Celery with a row were not written")


def report(found: dict[str, dict[str, list[float]]]) -> None:
    columns = ("p50", "p99", "jobs/s", "asked/s", "done/s")
    print(f"{'':<18}" + "".join(f"{column:>20}" for column in columns))
    for kind, numbers in found.items():
        print(
            f"{kind:<18}" + "".join(f"{_spread(column, numbers[column]):>20}" for column in columns)
        )
    ours = found.pop("jobs")
    for kind, numbers in found.items():
        ratios = [_ratio(column, ours[column], numbers[column]) for column in columns]
        print(f"{'than ' + kind:<18}" + "".join(f"{ratio:19.2f}x" for ratio in ratios))
        if kind == "bare Celery":
            verdict = "reached" if max(ratios[:3]) <= AIM else "missed"
    print(f"aim: p50, p99 and jobs/s at most {AIM} times bare Celery's: {verdict}")


def _spread(column: str, numbers: list[float]) -> str:
    low, *_, high = sorted(numbers)
    form = ".0f" if column.endswith("/s") else ".1f"
    unit = "" if column.endswith("/s") else " ms"
    middle = statistics.median(numbers)
    return f"{middle:{form}}{unit} ({low:{form}}-{high:{form}})"


def _ratio(column: str, ours: list[float], theirs: list[float]) -> float:
    """The median over the rounds: both of a round have met the machine in the same mood."""
    pairs = zip(ours, theirs, strict=True)
    more_is_better = column.endswith("/s")
    return statistics.median(b / a if more_is_better else a / b for a, b in pairs)


if __name__ == "__main__":
    main()
