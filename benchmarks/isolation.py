"""Rows of another workspace behind PgBouncer: stock django-tenants and ours, the same load.

    python -m embedded exec --profile test -- python -m benchmarks.isolation [requests]

Mixed requests (benchmarks/mixed) of 2 processes with 16 threads each, in 8 workspaces, over 4
server connections of a PgBouncer in transaction mode (Debian's pgbouncer). Every half second each
process has one of them ended. A request is foreign when it was shown another workspace's mark.
A million requests: `python -m benchmarks.isolation 1000000`.
"""

from __future__ import annotations

import argparse
from typing import Any

import psycopg

from benchmarks.mixed import rows, stage
from tests.fixtures import pgbouncer

WORKSPACES = 8
# Stock needs no more to show itself.
MOST_OF_STOCK = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("requests", type=int, nargs="?", default=40_000)
    wanted = parser.parse_args().requests
    with (
        stage.stand(workspaces=WORKSPACES) as stand,
        pgbouncer.running(stand.application, stand.owner) as bouncer,
    ):
        ours = stage.run(
            wanted, database=bouncer.through(stand.application), owner=stand.owner, kill=True
        )
        astray = count_astray(stand)
        # Afterwards, for it leaves rows in the wrong places.
        stock = stage.run(
            min(wanted, MOST_OF_STOCK), database=bouncer.through(stand.owner), owner=stand.owner,
            kill=True, DJANGO_SETTINGS_MODULE="benchmarks.mixed.stock_settings",
        )  # fmt: skip
        report({"stock django-tenants": (stock, count_astray(stand)), "ours": (ours, astray)})
    if ours["foreign"] or astray or ours["failures"]:
        raise SystemExit(f"ours: {ours['foreign_kinds']} {ours['failures']}")


def count_astray(stand: stage.Stand) -> int:
    with psycopg.connect(stand.owner, autocommit=True) as owner:
        return rows.astray(owner, stand.schemas)


def report(measured: dict[str, tuple[dict[str, Any], int]]) -> None:
    head = ("requests", "a second", "foreign", "rows astray", "wrong errors", "cut off")
    print(f"{'':<22}" + "".join(f"{word:>14}" for word in head))
    for name, (seen, astray) in measured.items():
        numbers = (
            seen["requests"], seen["rate"], seen["foreign"], astray,
            sum(seen["failures"].values()), seen["broken"],
        )  # fmt: skip
        print(f"{name:<22}" + "".join(f"{number:>14,.0f}" for number in numbers))


if __name__ == "__main__":
    main()
