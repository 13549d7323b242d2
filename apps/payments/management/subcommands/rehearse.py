"""`manage.py billing rehearse`: a customer's fourteen months in under a minute."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from apps.payments import money
from apps.payments.management.subcommands import ledger
from apps.payments.rehearsal import performance, stage

HELP = "play a customer's fourteen months on a test clock, and show that it adds up"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--keep", action="store_true", help="leave the workspace there, to look at in the console"
    )


def run(out: OutputWrapper, *, keep: bool, **_: Any) -> None:
    began = time.monotonic()
    found = stage.build()
    out.write(f"{found.tenant.name}, {found.account.customer_id}\n")
    out.write(f"{'':12}{'':60}{'state':40}{'received':>12}{'owed':>12}")
    for scene in performance.play(found):
        text = f"{found.now:%d %b %Y} {scene.act.title:60}{scene.state:40}"
        out.write(f"{text}{money.text(scene.paid):>12}{money.text(scene.owed):>12}")
    _show(out, performance.statement(found))
    nothing = ", ".join(performance.came_to_nothing(found))
    out.write(f"Not on it, because they came to nothing: {nothing or 'none'}.")
    out.write("\nTrial balance of this customer")
    ledger.show(out, performance.trial_balance(found))
    faults = performance.faults(found)
    if not keep:
        stage.clear(found)
    out.write(f"\n14 months in {time.monotonic() - began:.0f} s.")
    if faults:
        raise CommandError("It does not add up: " + "; ".join(faults) + ".")
    out.write("It adds up: ledger, payments and invoices say what Stripe says.")


def _show(out: OutputWrapper, statement: Any) -> None:
    out.write(f"\nStatement\n{'':73}{'amount':>14}{'owed then':>14}")
    out.write(f"{'':13}{'opening':60}{'':14}{money.text(statement.opening):>14}")
    for line in statement.lines:
        what = f"{line.transaction.occurred_at:%d %b %Y}  {line.transaction.memo:60.60}"
        out.write(f"{what}{money.text(line.amount):>14}{money.text(line.owed):>14}")
    out.write(f"{'':13}{'closing':60}{'':14}{money.text(statement.closing):>14}")
    charged, settled = money.text(statement.charged), money.text(statement.settled)
    out.write(f"{charged} charged and given back, {settled} paid, credited and made void.")
