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
    in the drawing, None where it is out of it.

    `headline` is the number for the whole time. `summary` says in a sentence what the drawing
    shows, for those who do not see it.
    """

    title: str
    bars: list[Bar]
    over: list[Bar] = field(default_factory=list)
    line: int | None = None
    top: str
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
    amounts: Sequence[float | None], *, top: float, whens: Sequence[str], values: Sequence[str]
) -> list[Bar]:
    """One for each amount, the highest possible for `top`; `whens` and `values` are their words."""
    rows = zip(amounts, whens, values, strict=True)
    return [_bar(n, amount or 0, top, when, value) for n, (amount, when, value) in enumerate(rows)]


def _bar(number: int, amount: float, top: float, when: str, value: str) -> Bar:
    height = max(LEAST, int(HEIGHT * amount / top)) if amount and top else 0
    return Bar(STEP * number + 1, HEIGHT - height, height, when, value)
