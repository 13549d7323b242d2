"""How far a long piece of work is, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable

from apps.jobs.models import JobRun
from apps.jobs.services import leases, runs

# Percent, and a line for people.
Report = Callable[[int, str], None]


def ignore(_percent: int, _text: str) -> None:
    """A report for those who want none."""


def of(run: JobRun) -> Report:
    """On the job's own row, when the percentage moved. Raises `Outrun` for a lost lease."""
    last = -1

    def report(percent: int, text: str) -> None:
        nonlocal last
        leases.require_held()
        if percent != last:
            runs.report(run=run, progress=percent, message=text)
            last = percent

    return report
