"""Trials by the month in which they began, and how many of them came to pay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction


@dataclass(frozen=True)
class Trial:
    """`converted`: a bill that was not nothing has been paid. `is_over`: its days are."""

    began_at: datetime
    is_over: bool
    converted: bool


@dataclass(frozen=True)
class Cohort:
    """Those of a month; `running` are not decided yet and in no rate."""

    start: date
    trials: int
    converted: int
    running: int

    @property
    def rate(self) -> Fraction | None:
        """Of those that are decided, the part that pays."""
        decided = self.trials - self.running
        return Fraction(self.converted, decided) if decided else None


def cohorts(trials: Iterable[Trial], months: Sequence[date]) -> list[Cohort]:
    """One for each of `months` (first days, UTC)."""
    known = list(trials)
    return [_cohort(month, [one for one in known if _month_of(one) == month]) for month in months]


def _cohort(month: date, trials: list[Trial]) -> Cohort:
    converted = sum(one.converted for one in trials)
    running = sum(not one.is_over and not one.converted for one in trials)
    return Cohort(month, len(trials), converted, running)


def _month_of(trial: Trial) -> date:
    return trial.began_at.astimezone(UTC).date().replace(day=1)
