"""Numbers over time as bars, in whole units of a drawing that is stretched to the place it gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

STEP, HEIGHT = 10, 200
LEAST = 2


@dataclass(frozen=True)
class Bar:
    """`height` is 0 where there was nothing, and at least 2 where there was something."""

    x: int
    y: int
    height: int
    when: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """`over` are bars in front of the others, on the same scale; `line` is how high a limit stands
    in the drawing, None where it is out of it. `zero` is where the bars begin, and `bottom` the
    words for the lowest below it, "" where none is.

    `headline` is the number for the whole time. `summary` says in a sentence what the drawing
    shows, for those who do not see it.
    """

    title: str
    bars: list[Bar]
    over: list[Bar] = field(default_factory=list)
    line: int | None = None
    zero: int = HEIGHT
    top: str
    bottom: str = ""
    first: str
    last: str
    headline: str
    summary: str

    @property
    def width(self) -> int:
        return STEP * len(self.bars)

    @property
    def newest_first(self) -> list[Bar]:
        return self.bars[::-1]


def bars(
    amounts: Sequence[float | None],
    *,
    top: float,
    whens: Sequence[str],
    values: Sequence[str],
    bottom: float = 0,
) -> list[Bar]:
    """One for each amount, the highest possible for `top`; `whens` and `values` are their words.
    What is less than nothing goes down from the line (`zero`), as far as to `bottom`.
    """
    rows = zip(amounts, whens, values, strict=True)
    line, span = zero(top, bottom), top - bottom
    found = []
    for number, (amount, when, value) in enumerate(rows):
        share = abs(amount or 0) / span if span else 0
        height = max(LEAST, int(HEIGHT * share)) if share else 0
        y = line if (amount or 0) < 0 else line - height
        found.append(Bar(STEP * number + 1, y, height, when, value))
    return found


def zero(top: float, bottom: float = 0) -> int:
    """Where the line stands from which bars go up to `top`, and down to a negative `bottom`."""
    if bottom >= 0:
        return HEIGHT
    least = LEAST if top > 0 else 0
    return min(max(int(HEIGHT * top / (top - bottom)), least), HEIGHT - LEAST)
