"""Use of the API over time as bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.core import plots
from apps.gateway.models import ApiUsage
from apps.gateway.services.request_usage import Numbers, Report
from apps.usage.words import amount


@dataclass(frozen=True)
class Measure:
    """`of` is None where there is nothing to show. `unit` follows the number."""

    title: str
    note: str
    of: Callable[[Numbers], int | None]
    unit: str = ""
    total: bool = True

    def words(self, number: int | None) -> str:
        return "nothing" if number is None else amount(number, "count") + self.unit


MEASURES: Final = (
    Measure("Requests", "All requests, whatever became of them.", lambda n: n.requests),
    Measure(
        "Errors", "Refused, over a limit, or failed on our side: answers from 400 on.",
        lambda n: n.errors,
    ),
    Measure(
        "Time to answer", "19 of 20 requests were answered within this time.",
        lambda n: n.p95_ms, unit=" ms", total=False,
    ),
    Measure("Credits", "What the requests cost: most one, heavier ones more.", lambda n: n.credits),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Chart(plots.Plot):
    measure: Measure


def of(report: Report) -> list[Chart]:
    return [_draw(report, measure) for measure in MEASURES]


def _draw(report: Report, measure: Measure) -> Chart:
    values = [measure.of(moment.numbers) for moment in report.moments]
    most = max((value or 0 for value in values), default=0)
    whens = [_when(moment.start, report.by) for moment in report.moments]
    headline = measure.words(measure.of(report.total)) + (" in all" if measure.total else "")
    summary = f"{measure.title} by {report.by}, {whens[0]} to {whens[-1]} UTC: {headline}"
    if most:
        peak = whens[max(range(len(values)), key=lambda n: values[n] or 0)]
        summary += f"; most {peak}, {measure.words(most)}"
    return Chart(
        title=measure.title,
        measure=measure,
        bars=plots.bars(
            values, top=most, whens=whens, values=[measure.words(value) for value in values]
        ),
        top=measure.words(max(most, 1)),
        first=whens[0],
        last=whens[-1],
        headline=headline,
        summary=f"{summary}.",
    )


def _when(start: datetime, by: str) -> str:
    return f"{start:%-d %b, %H:%M}" if by == ApiUsage.Span.HOUR else f"{start:%-d %b}"
