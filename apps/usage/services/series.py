"""What was used over time, for plots, tables, CSV and the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
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
    last = last or usage.today()
    first = first or (last - timedelta(days=DAYS - 1) if by == "day" else _back(last, MONTHS - 1))
    _check(first, last)
    name = tenant.schema_name
    present = counters.present(schema_names=[name]) if last >= usage.today() else {}
    found = by_day(schema_names=[name], first=first, last=last, present=present)
    starts = _starts(by, first, last)
    chosen = [m for m in METRICS.values() if m.name in metrics]
    shown = [m for m in chosen if m.name != SCHOOLS or is_district(tenant)]
    return [Series(metric, _points(metric, name, starts, by, found)) for metric in shown]


def of_all() -> list[Series]:
    """All workspaces together by day, the last 30 days; up to a minute old."""
    last = usage.today()
    first = last - timedelta(days=DAYS - 1)
    rows = UsageDay.objects.filter(day__range=(first, last)).order_by()
    found = {
        ("", metric, day): amount
        for metric, day, amount in rows.values_list("metric", "day").annotate(Sum("amount"))
    }
    starts = _starts("day", first, last)
    return [Series(m, _points(m, "", starts, "day", found)) for m in METRICS.values()]


def _points(
    metric: Metric,
    name: str,
    starts: Sequence[date],
    by: By,
    found: dict[tuple[str, str, date], int],
) -> list[Point]:
    amounts: dict[date, int] = defaultdict(int)
    for day in sorted(d for n, m, d in found if (n, m) == (name, metric.name)):
        start = day if by == "day" else month_of(day)
        amount = found[name, metric.name, day]
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
