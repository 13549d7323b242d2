"""`manage.py billing sync`: what is sold, at Stripe."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from apps.payments.services import catalogue_sync
from apps.payments.services.catalogue_sync import Change

HELP = "compare what is sold with what Stripe has; with --apply make it so there"


def add_arguments(parser: ArgumentParser) -> None:
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--apply", action="store_true", help="carry out what is shown")
    ways.add_argument("--check", action="store_true", help="exit with 1 where anything differs")


def run(out: OutputWrapper, *, apply: bool, check: bool, **_: Any) -> None:
    changes = catalogue_sync.compare()
    for change in changes:
        out.write("\n".join(change.lines()))
    if not changes:
        out.write("Stripe has all that is sold, and nothing else of ours.")
        return
    if check:
        raise CommandError(f"Stripe differs: {_summary(changes)}.", returncode=1)
    if not apply:
        out.write(f"\n{_summary(changes)}. Nothing was done; --apply does it.")
        return
    catalogue_sync.apply(changes)
    out.write(f"\nDone: {_summary(changes)}.")


def _summary(changes: list[Change]) -> str:
    counted = Counter(change.verb for change in changes)
    return ", ".join(f"{number} to {verb}" for verb, number in counted.items())
