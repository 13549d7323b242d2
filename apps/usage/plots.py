"""Series as bars, in whole units of a drawing that is stretched to the place it gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from apps.usage.services.limits import State
from apps.usage.services.series import By, Point, Series
from apps.usage.words import amount

STEP, BAR, HEIGHT = 10, 8, 200


@dataclass(frozen=True)
class Bar:
    """`height` is 0 where there was nothing, and at least 2 where there was something."""

    x: int
    y: int
    height: int
    when: str
    value: str


@dataclass(frozen=True)
class Plot:
    """`line` is how high the limit stands in the drawing, None where it is out of it.

    `summary` says in a sentence what the drawing shows, for those who do not see it.
    """

    series: Series
    bars: list[Bar]
    line: int | None
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


def draw(series: Series, *, by: By, limit: State | None = None) -> Plot:
    """`limit`: the state of the limit that the bars are to be compared with, if any."""
    unit = series.metric.unit
    most = limit.most if limit else None
    # A limit far above everything would press the bars flat; it is drawn when it is in reach.
    inside = most is not None and 0 < most <= 2 * series.most
    top = max(series.most, most if inside and most else 0, 1)
    points = series.points
    return Plot(
        series=series,
        bars=[_bar(n, point, top, by, series) for n, point in enumerate(points)],
        line=HEIGHT - HEIGHT * most // top if inside and most else None,
        top=amount(top, unit),
        first=_short(points[0].start, by),
        last=_short(points[-1].start, by),
        headline=_headline(series),
        summary=_summary(series, by),
    )


def when(start: date, by: By) -> str:
    return f"{start:%-d %B %Y}" if by == "day" else f"{start:%B %Y}"


def _short(start: date, by: By) -> str:
    return f"{start:%-d %b}" if by == "day" else f"{start:%b %Y}"


def _bar(number: int, point: Point, top: int, by: By, series: Series) -> Bar:
    height = max(2, HEIGHT * point.amount // top) if point.amount else 0
    value = "no sample" if point.amount is None else amount(point.amount, series.metric.unit)
    return Bar(STEP * number + 1, HEIGHT - height, height, when(point.start, by), value)


def _headline(series: Series) -> str:
    """What there is now, or what all of it was together."""
    unit = series.metric.unit
    if not series.metric.gauge:
        return f"{amount(series.total, unit)} in all"
    known = [point.amount for point in series.points if point.amount is not None]
    return amount(known[-1], unit) if known else "not sampled yet"


def _summary(series: Series, by: By) -> str:
    span = f"{when(series.points[0].start, by)} to {when(series.points[-1].start, by)}"
    text = f"{series.metric.label} by {by}, {span}: {_headline(series)}"
    if not series.most:
        return f"{text}."
    peak = max(series.points, key=lambda point: point.amount or 0)
    within = "on" if by == "day" else "in"
    return (
        f"{text}; most {within} {when(peak.start, by)}, {amount(series.most, series.metric.unit)}."
    )
