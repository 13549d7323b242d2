"""The figures of the business as drawings: `core.plots` by month, and movements up and down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from apps.core import plots
from apps.core.plots import HEIGHT, LEAST, STEP, Bar
from apps.payments.mrr.movements import Kind, Month

# Readable on the console's white and on its near-black.
BLUE, PALE, GREEN, TEAL, AMBER, RED = (
    "#4d70f2", "#94a9ff", "#16a34a", "#0d9488", "#d97706", "#dc2626",
)  # fmt: skip
# From the line outwards, in the order in which they are stacked.
UPWARDS = ((Kind.NEW, BLUE), (Kind.REACTIVATION, TEAL), (Kind.EXPANSION, GREEN))
DOWNWARDS = ((Kind.CONTRACTION, AMBER), (Kind.CHURN, RED))
Words = Callable[[int], str]


class Key(NamedTuple):
    colour: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Plot(plots.Plot):
    fill: str = BLUE
    over_fill: str = ""
    keys: tuple[Key, ...] = ()


class Segment(NamedTuple):
    bar: Bar
    fill: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Parts of several kinds one upon the other, above and below a line at `zero`."""

    title: str
    segments: list[Segment]
    width: int
    zero: int
    top: str
    first: str
    last: str
    headline: str
    summary: str
    keys: tuple[Key, ...]


def month_name(start: date) -> str:
    return f"{start:%b %Y}"


def line(
    title: str,
    starts: Sequence[date],
    amounts: Sequence[int],
    words: Words,
    *,
    headline: str,
    fill: str = BLUE,
    over: Sequence[int] = (),
    keys: tuple[Key, ...] = (),
) -> Plot:
    """One bar a month; those of `over` in front of it, on the same scale. A month of less than
    nothing goes down from the line.
    """
    whens = [month_name(start) for start in starts]
    bottom = min((*amounts, *over, 0))
    top = max((*amounts, *over, 0 if bottom else 1))
    least = words(bottom) if bottom else ""
    said = f"{headline}; the lowest is {least}" if least else headline
    draw = partial(plots.bars, top=top, bottom=bottom, whens=whens)
    return Plot(
        title=title,
        bars=draw(amounts, values=[words(one) for one in amounts]),
        over=draw(over, values=[words(one) for one in over]) if over else [],
        zero=plots.zero(top, bottom),
        bottom=least,
        top=words(max(amounts, default=0)),
        first=whens[0],
        last=whens[-1],
        headline=headline,
        summary=f"{title} by month, {whens[0]} to {whens[-1]}: {said}.",
        fill=fill,
        over_fill=BLUE,
        keys=keys,
    )


def movements(months: Sequence[Month], words: Words) -> Stack:
    """What came above a line, what went below it."""
    ups = [sum(month.amount(kind) for kind, _ in UPWARDS) for month in months]
    downs = [-sum(month.amount(kind) for kind, _ in DOWNWARDS) for month in months]
    span = max(ups) + max(downs) or 1
    zero = HEIGHT * max(ups) // span if any(ups) or any(downs) else HEIGHT
    net = sum(ups) - sum(downs)
    headline = f"{'+' if net > 0 else ''}{words(net)} in all"
    segments = [
        segment
        for number, month in enumerate(months)
        for segment in _segments(number, month, zero, span, words)
    ]
    first, last = month_name(months[0].start), month_name(months[-1].start)
    return Stack(
        title="Movements of MRR",
        segments=segments,
        width=STEP * len(months),
        zero=zero,
        top=words(max(ups)),
        first=first,
        last=last,
        headline=headline,
        summary=f"Movements of MRR by month, {first} to {last}: {headline}, {words(sum(ups))} up "
        f"and {words(sum(downs))} down.",
        keys=tuple(Key(colour, kind.value) for kind, colour in (*UPWARDS, *DOWNWARDS)),
    )


def _segments(number: int, month: Month, zero: int, span: int, words: Words) -> list[Segment]:
    found, when, above, below = list[Segment](), month_name(month.start), zero, zero
    for kind, fill in (*UPWARDS, *DOWNWARDS):
        amount = month.amount(kind)
        if not amount:
            continue
        height = max(LEAST, HEIGHT * abs(amount) // span)
        if amount > 0:
            above -= height
        y = above if amount > 0 else below
        bar = Bar(STEP * number + 1, y, height, when, f"{kind.value} {words(amount)}")
        below += 0 if amount > 0 else height
        found.append(Segment(bar, fill))
    return found
