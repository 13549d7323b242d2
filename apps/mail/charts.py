"""Mail over the last weeks as plots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from apps.core import plots
from apps.mail.services.statistics import Numbers, Report

# Readable on the console's white and on its near-black.
BLUE, RED = "#4d70f2", "#dc2626"
MINUTE: Final = 60


@dataclass(frozen=True, kw_only=True)
class Plot(plots.Plot):
    fill: str


def of(report: Report) -> list[Plot]:
    total = report.total
    percent = f", {total.refused_percent:.1f} %" if total.refused else ""
    return [
        _counted("Left", report, lambda n: n.left, BLUE, f"{total.left:,} of {total.written:,}"),
        _counted("Arrived, as services tell", report, lambda n: n.arrived, BLUE,
                 f"{total.arrived:,} delivered or opened"),
        _counted("Came back or marked as spam", report, lambda n: n.refused, RED,
                 f"{total.bounced:,} bounced, {total.complained:,} complained{percent}"),
        _waits(report),
    ]  # fmt: skip


def seconds(number: float | None) -> str:
    """`0.2 s`, `75 s` as `1 min 15 s`; `none` where there is nothing."""
    if number is None:
        return "none"
    if number < MINUTE:
        return f"{number:.1f} s"
    return f"{int(number) // MINUTE:,} min {int(number) % MINUTE} s"


def _counted(
    title: str, report: Report, count: Callable[[Numbers], int], fill: str, headline: str
) -> Plot:
    amounts = [count(numbers) for _, numbers in report.days]
    return _draw(title, report, amounts, [f"{n:,}" for n in amounts], fill, headline)


def _waits(report: Report) -> Plot:
    waits = [numbers.p95 for _, numbers in report.days]
    total = report.total
    headline = "nothing left" if total.p95 is None else (
        f"half within {seconds(total.p50)}, 19 of 20 within {seconds(total.p95)}"
    )  # fmt: skip
    values = [f"19 of 20 within {seconds(wait)}" for wait in waits]
    return _draw("Time in the queue (p95)", report, waits, values, BLUE, headline)


def _draw(
    title: str,
    report: Report,
    amounts: Sequence[float | None],
    values: Sequence[str],
    fill: str,
    headline: str,
) -> Plot:
    whens = [f"{day:%-d %b}" for day, _ in report.days]
    most = max((amount or 0 for amount in amounts), default=0)
    summary = f"{title}, {whens[0]} to {whens[-1]}: {headline}"
    top = "0"
    if most:
        at = max(range(len(amounts)), key=lambda n: amounts[n] or 0)
        top = values[at].removeprefix("19 of 20 within ")
        summary += f"; most on {whens[at]}, {values[at]}"
    return Plot(
        title=title, bars=plots.bars(amounts, top=most, whens=whens, values=values), top=top,
        first=whens[0], last=whens[-1], headline=headline, summary=f"{summary}.", fill=fill,
    )  # fmt: skip
