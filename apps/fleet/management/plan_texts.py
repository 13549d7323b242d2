"""A plan of the fleet, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from apps.fleet.rules.findings import Finding
from apps.fleet.rules.statements import short
from apps.fleet.services.plans import Group, Plan, PlannedStep

SHOWN = 12  # statements of one step
MODES = {
    "replay": "one message, one transaction",
    "concurrent": "statement by statement, outside a transaction",
    "python": "Django's executor in each schema",
}


def lines(plan: Plan) -> Iterator[str]:
    """What runs, where, under which locks, how long; then what is refused, and why."""
    if plan.is_empty:
        yield f"Nothing to do: everything stands at {plan.target}."
        return
    for migration, statements in plan.public:
        yield f"public: {migration} (shared by all workspaces)"
        yield from _statements(statements)
    for group in plan.groups:
        yield from _group(group, plan)
    yield from _findings(plan)


def _group(group: Group, plan: Plan) -> Iterator[str]:
    prepared = f" and {group.prepared} prepared" if group.prepared else ""
    yield f"{group.workspaces} workspaces{prepared}: {group.version} to {plan.target}"
    if group.problem:
        yield f"  No way: {group.problem}"
    for step in group.steps:
        yield from _step(step)
    for table in group.estimate.tables:
        yield f"  Over all of them {table}."
    if group.rehearsed_on:
        yield f"  About {duration(group.estimate.seconds)}, rehearsed on {group.rehearsed_on}."


def _step(step: PlannedStep) -> Iterator[str]:
    way = "" if step.reversible else "; cannot be undone"
    mode = f" ({MODES[step.mode]}, {step.milliseconds:.1f} ms{way})" if step.mode else ""
    yield f"  {step.migration}{mode}"
    yield from _statements(step.statements)
    yield from (f"      {lock}" for lock in step.locks)
    yield from (f"      writes {table} anew" for table in step.rewritten)
    yield from (f"      reads all of {t}" for t in step.scanned if t not in step.rewritten)


def _statements(statements: list[str]) -> Iterator[str]:
    yield from (f"    {short(text)}" for text in statements[:SHOWN])
    if len(statements) > SHOWN:
        yield f"    and {len(statements) - SHOWN} more"


def _findings(plan: Plan) -> Iterator[str]:
    accepted = [f for f in plan.findings if f.accepted]
    warnings = [f for f in plan.findings if f.level == "warning" and not f.accepted]
    for title, found in (
        ("Accepted", accepted), ("Warnings", warnings), ("Refused", plan.refusals),
    ):  # fmt: skip
        if found:
            yield ""
            yield f"{title}: {len(found)}"
            yield from _listed(found)


def _listed(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        yield ""
        yield from finding.as_text().splitlines()


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
