"""Series as bars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from apps.core import plots
from apps.core.plots import HEIGHT
from apps.usage.services.limits import State
from apps.usage.services.series import By, Point, Series
from apps.usage.words import amount


@dataclass(frozen=True, kw_only=True)
class Plot(plots.Plot):
    series: Series


def draw(series: Series, *, by: By, limit: State | None = None) -> Plot:
    """`limit`: the state of the limit that the bars are to be compared with, if any."""
    most = limit.most if limit else None
    # A limit far above everything would press the bars flat; it is drawn when it is in reach.
    inside = most is not None and 0 < most <= 2 * series.most
    top = max(series.most, most if inside and most else 0, 1)
    points = series.points
    return Plot(
        title=series.metric.label,
        series=series,
        bars=plots.bars(
            [point.amount for point in points],
            top=top,
            whens=[when(point.start, by) for point in points],
            values=[_value(point, series) for point in points],
        ),
        line=HEIGHT - HEIGHT * most // top if inside and most else None,
        top=amount(top, series.metric.unit),
        first=_short(points[0].start, by),
        last=_short(points[-1].start, by),
        headline=_headline(series),
        summary=_summary(series, by),
    )


def when(start: date, by: By) -> str:
    return f"{start:%-d %B %Y}" if by == "day" else f"{start:%B %Y}"


def _short(start: date, by: By) -> str:
    return f"{start:%-d %b}" if by == "day" else f"{start:%b %Y}"


def _value(point: Point, series: Series) -> str:
    return "no sample" if point.amount is None else amount(point.amount, series.metric.unit)


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
