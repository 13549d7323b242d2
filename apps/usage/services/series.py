"""What was used over time, for plots, tables, CSV and the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.db.models import Sum

from apps.core.errors import Invalid
from apps.tenants.models import Tenant
from apps.usage.models import UsageDay
from apps.usage.plans import METRICS, SCHOOLS, Metric
from apps.usage.services import counters, usage
from apps.usage.services.limits import is_district
from apps.usage.services.readings import by_day, month_of

By = Literal["day", "month"]
DAYS, MONTHS = 30, 12
LONGEST = timedelta(days=800)


@dataclass(frozen=True)
class Point:
    """A day, or a month by its first day. `amount` is None where a gauge was not sampled."""

    start: date
    amount: int | None


@dataclass(frozen=True)
class Series:
    metric: Metric
    points: list[Point]

    @property
    def total(self) -> int:
        return sum(point.amount or 0 for point in self.points)

    @property
    def most(self) -> int:
        return max((point.amount or 0 for point in self.points), default=0)


def of(
    tenant: Tenant,
    *,
    by: By = "day",
    first: date | None = None,
    last: date | None = None,
    metrics: Collection[str] = METRICS.keys(),
) -> list[Series]:
    """Metrics of one workspace, both days included; left out, the last 30 days or 12 months.

    A month of something counted is its sum, of a gauge its last sample or its peak. Raises
    `Invalid` for days in the wrong order or further apart than 800.
    """
    first, last = span(by, first, last)
    name = tenant.schema_name
    present = counters.present(schema_names=[name]) if last >= usage.today() else {}
    found = by_day(schema_names=[name], first=first, last=last, present=present)
    chosen = [m for m in METRICS.values() if m.name in metrics]
    shown = [m for m in chosen if m.name != SCHOOLS or is_district(tenant)]
    days: dict[str, dict[date, int]] = defaultdict(dict)
    for (_, metric, day), amount in found.items():
        days[metric][day] = amount
    return [spread(m, days[m.name], by=by, first=first, last=last) for m in shown]


def span(by: By, first: date | None, last: date | None) -> tuple[date, date]:
    """First and last day of what is asked for; left out, the last 30 days or 12 months. Raises
    `Invalid` as `of`.
    """
    last = last or usage.today()
    first = first or (last - timedelta(days=DAYS - 1) if by == "day" else _back(last, MONTHS - 1))
    _check(first, last)
    return first, last


def spread(
    metric: Metric, amounts: Mapping[date, int], *, by: By, first: date, last: date
) -> Series:
    """What there was of something on some days, both ends included, as a point a day or month."""
    return Series(metric, _points(metric, _starts(by, first, last), by, amounts))


def of_all() -> list[Series]:
    """All workspaces together by day, the last 30 days; up to a minute old."""
    last = usage.today()
    first = last - timedelta(days=DAYS - 1)
    rows = UsageDay.objects.filter(day__range=(first, last)).order_by()
    days: dict[str, dict[date, int]] = defaultdict(dict)
    for metric, day, amount in rows.values_list("metric", "day").annotate(Sum("amount")):
        days[metric][day] = amount
    return [spread(m, days[m.name], by="day", first=first, last=last) for m in METRICS.values()]


def _points(
    metric: Metric, starts: Sequence[date], by: By, found: Mapping[date, int]
) -> list[Point]:
    amounts: dict[date, int] = defaultdict(int)
    for day, amount in sorted(found.items()):
        start = day if by == "day" else month_of(day)
        if metric.peak:
            amounts[start] = max(amounts[start], amount)
        else:
            amounts[start] = amount if metric.gauge else amounts[start] + amount
    missing = None if metric.gauge else 0
    return [Point(start, amounts.get(start, missing)) for start in starts]


def _starts(by: By, first: date, last: date) -> list[date]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return days if by == "day" else sorted({month_of(day) for day in days})


def _back(day: date, months: int) -> date:
    for _ in range(months):
        day = month_of(day) - timedelta(days=1)
    return month_of(day)


def _check(first: date, last: date) -> None:
    if first > last:
        raise Invalid(errors={"from": ["The first day comes before the last."]})
    if last - first > LONGEST:
        raise Invalid(errors={"from": [f"Ask for {LONGEST.days} days at most."]})
