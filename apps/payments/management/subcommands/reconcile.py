"""Compares with Stripe here and now; the nightly one is a job."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import OutputWrapper

from apps.payments.management.arguments import day
from apps.payments.models import Finding, ReconcileRun
from apps.payments.months import midnight
from apps.payments.services import gaps, reconciliation

HELP = "compare our rows with Stripe's objects; with --repair, mend them"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="store what Stripe has")
    parser.add_argument("--account", default="", help="one customer only: cus_…, or a workspace")
    parser.add_argument(
        "--since", type=day, metavar="DAY", help="leave out older invoices: 2026-11-01"
    )
    parser.add_argument(
        "--events", action="store_true", help="only look for events that never came"
    )


def run(
    out: OutputWrapper,
    *,
    repair: bool,
    account: str,
    since: date | None,
    events: bool,
    **_: Any,
) -> None:
    if events:
        found = gaps.look(asked_by="command line")
        out.write(f"{found.total('seen')} events seen, {found.total('missing')} had never come.")
        return
    customer_id = reconciliation.customer_of(account) if account else ""
    begun = reconciliation.begin(
        repair=repair,
        customer_id=customer_id,
        since=midnight(since) if since else None,
        by="command line",
    )
    found = reconciliation.compare(begun, out.write)
    for finding in found.findings.all():
        out.write(_line(finding))
    out.write(_summary(found))


def _line(finding: Finding) -> str:
    differences = "; ".join(
        f"{name}: {ours!r} here, {stripes!r} at Stripe"
        for name, (ours, stripes) in finding.differences.items()
    )
    problem = (finding.problem or {}).get("detail", "")
    words = [str(finding), differences or problem, "repaired" if finding.is_repaired else ""]
    return "  ".join(word for word in words if word)


def _summary(run: ReconcileRun) -> str:
    lines = []
    for kind, numbers in run.counts.items():
        said = ", ".join(f"{number} {what}" for what, number in numbers.items())
        lines.append(f"{kind:<14} {said}")
    return "\n".join([*lines, f"{run.drift} differ, {run.total('repaired')} repaired."])
