"""A queue, or the lanes of a vendor, over time as four plots: what ended, what failed, how long
runs waited, how many did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from apps.core import plots
from apps.jobs.services.statistics import Group, Moment, Period

# Readable on the console's white and on its near-black.
BLUE, PALE, RED = "#4d70f2", "#94a9ff", "#dc2626"
DAY: Final = timedelta(days=1)
MINUTE, HOUR = 60, 3600


class Key(NamedTuple):
    colour: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Plot(plots.Plot):
    fill: str
    over_fill: str = ""
    keys: tuple[Key, ...] = ()


class Row(NamedTuple):
    """One moment of a group in words, for its table."""

    when: str
    ended: str
    failed: str
    wait_p50: str
    wait_p95: str
    waiting: str


@dataclass(frozen=True)
class Panel:
    """`rows` are all that the plots show, the newest first."""

    group: Group
    plots: list[Plot]
    rows: list[Row]


def of(group: Group, period: Period) -> Panel:
    whens = [when(moment.start, period) for moment in group.moments]
    plots_ = [_ended(group, whens), _failed(group, whens), _wait(group, whens),
              _waiting(group, whens)]  # fmt: skip
    return Panel(
        group, plots_, [_row(m, w) for m, w in zip(group.moments, whens, strict=True)][::-1]
    )


def seconds(number: float | None) -> str:
    """`0.24 s`, `12 s`, `3 min 5 s`, `2 h 10 min`; `none` where there is nothing."""
    if number is None:
        return "none"
    if number < 10:  # noqa: PLR2004 -- two digits that count
        return f"{number:.2f}".rstrip("0").rstrip(".") + " s"
    whole = round(number)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s".removesuffix(" 0 s")
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min".removesuffix(" 0 min")


def when(start: datetime, period: Period) -> str:
    """In UTC; the day only where a period has several."""
    return f"{start:%H:%M}" if period.length <= DAY / 2 else f"{start:%-d %b, %H:%M}"


def _ended(group: Group, whens: Sequence[str]) -> Plot:
    amounts = [moment.numbers.ended for moment in group.moments]
    return _draw("Ended", group, whens, amounts, [f"{n:,}" for n in amounts], BLUE,
                 headline=f"{group.total.ended:,} ended")  # fmt: skip


def _failed(group: Group, whens: Sequence[str]) -> Plot:
    amounts = [moment.numbers.failed for moment in group.moments]
    total = group.total
    share = f", {total.failed_percent:.1f} %" if total.failed else ""
    return _draw("Failed for good", group, whens, amounts, [f"{n:,}" for n in amounts], RED,
                 headline=f"{total.failed:,} failed{share}")  # fmt: skip


def _waiting(group: Group, whens: Sequence[str]) -> Plot:
    amounts = [moment.waiting for moment in group.moments]
    return _draw("Waiting", group, whens, amounts, [f"{n:,}" for n in amounts], BLUE,
                 headline=f"{group.now.waiting:,} waiting now")  # fmt: skip


def _wait(group: Group, whens: Sequence[str]) -> Plot:
    """The longer waits pale, in front of them the shorter ones."""
    numbers = [moment.numbers for moment in group.moments]
    p50, p95 = [n.wait_p50 for n in numbers], [n.wait_p95 for n in numbers]
    top = max((wait or 0 for wait in p95), default=0)
    total = group.total
    headline = "nothing begun" if total.wait_p95 is None else (
        f"half within {seconds(total.wait_p50)}, 19 of 20 within {seconds(total.wait_p95)}"
    )  # fmt: skip
    over = plots.bars(p50, top=top, whens=whens, values=[f"half within {seconds(w)}" for w in p50])
    return _draw(
        "Wait for a worker", group, whens, p95, [f"19 of 20 within {seconds(w)}" for w in p95],
        PALE, headline=headline, top=seconds(top), over=over,
        keys=(Key(PALE, "19 of 20 (p95)"), Key(BLUE, "half (p50)")),
    )  # fmt: skip


def _draw(
    title: str,
    group: Group,
    whens: Sequence[str],
    amounts: Sequence[float | None],
    values: Sequence[str],
    fill: str,
    *,
    headline: str,
    top: str = "",
    over: list[plots.Bar] | None = None,
    keys: tuple[Key, ...] = (),
) -> Plot:
    most = max((amount or 0 for amount in amounts), default=0)
    summary = f"{title}, {group.kind} {group.name}, {whens[0]} to {whens[-1]} UTC: {headline}"
    if most:
        at = max(range(len(amounts)), key=lambda n: amounts[n] or 0)
        summary += f"; most at {whens[at]}, {values[at]}"
    return Plot(
        title=title, bars=plots.bars(amounts, top=most, whens=whens, values=values),
        over=over or [], top=top or f"{most:,}", first=whens[0], last=whens[-1], headline=headline,
        summary=f"{summary}.", fill=fill, over_fill=BLUE, keys=keys,
    )  # fmt: skip


def _row(moment: Moment, when_: str) -> Row:
    numbers = moment.numbers
    p50, p95 = [
        "-" if wait is None else seconds(wait) for wait in (numbers.wait_p50, numbers.wait_p95)
    ]
    return Row(when_, f"{numbers.ended:,}", f"{numbers.failed:,}", p50, p95, f"{moment.waiting:,}")
