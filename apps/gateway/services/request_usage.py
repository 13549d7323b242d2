"""How the API was used: by time, by caller and by endpoint. Written by `tally`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import QuerySet, Sum
from django.utils import timezone

from apps.core.errors import Invalid
from apps.gateway.models import ApiKey, ApiUsage, ApiUsageBatch
from apps.gateway.tally import BOUNDS, COUNTS
from apps.tenants.models import Tenant

Span = ApiUsage.Span
HOURS, DAYS = 48, 30
KEPT: Final = {Span.HOUR: timedelta(days=14), Span.DAY: timedelta(days=800)}
STEP: Final = {Span.HOUR: timedelta(hours=1), Span.DAY: timedelta(days=1)}
BATCHES_KEPT: Final = timedelta(days=1)
TAKEN: Final = tuple(name for name in COUNTS if name.startswith("took_"))
MOST_LISTED: Final = 100


@dataclass(frozen=True)
class Numbers:
    """Sums over some requests. Quantiles are read from a histogram: exact to its steps."""

    requests: int = 0
    client_errors: int = 0
    limited: int = 0
    server_errors: int = 0
    credits: int = 0
    milliseconds: int = 0
    taken: tuple[int, ...] = (0,) * len(TAKEN)

    @property
    def errors(self) -> int:
        return self.client_errors + self.limited + self.server_errors

    @property
    def error_percent(self) -> float:
        return round(100 * self.errors / self.requests, 1) if self.requests else 0.0

    @property
    def p50_ms(self) -> int | None:
        return self.quantile(0.5)

    @property
    def p95_ms(self) -> int | None:
        return self.quantile(0.95)

    def quantile(self, share: float) -> int | None:
        """Milliseconds within which that share was answered; None where nothing was asked."""
        wanted, passed, lower = share * sum(self.taken), 0, 0
        if not wanted:
            return None
        for bound, number in zip(BOUNDS, self.taken, strict=False):
            if passed + number >= wanted:
                return round(lower + (bound - lower) * (wanted - passed) / number)
            passed, lower = passed + number, bound
        return BOUNDS[-1]


@dataclass(frozen=True)
class Moment:
    """An hour or a day by its start."""

    start: datetime
    numbers: Numbers


@dataclass(frozen=True)
class Part:
    """A caller or an endpoint. `key` is the caller's, None for people and whoever is unknown."""

    name: str
    numbers: Numbers
    key: ApiKey | None = None

    @property
    def title(self) -> str:
        titles = {ApiUsage.PEOPLE: "People, signed in", ApiUsage.NOBODY: "Nobody known"}
        return self.key.name if self.key else titles.get(self.name, "A key that is gone")


@dataclass(frozen=True)
class Report:
    """The busiest `MOST_LISTED` callers and endpoints, the busiest first."""

    by: str
    total: Numbers
    moments: list[Moment]
    callers: list[Part]
    endpoints: list[Part]


def of(
    tenant: Tenant,
    *,
    by: str = Span.DAY,
    first: date | None = None,
    last: date | None = None,
    key: ApiKey | None = None,
) -> Report:
    """Of a workspace, or of one of its keys, in a constant number of queries. Days are those of
    UTC, both included; left out, the last 48 hours or 30 days. Raises `Invalid` for days in the
    wrong order, or longer ago than they are kept.
    """
    span = Span(by)
    start, end = _stretch(span, first, last)
    rows = ApiUsage.objects.filter(
        schema_name=tenant.schema_name, span=span, start__gte=start, start__lt=end
    ).order_by()
    if key is not None:
        rows = rows.filter(caller=str(key.pk))
    by_start = _sums(rows, "start")
    moments = [Moment(at, by_start.get(at, Numbers())) for at in _starts(span, start, end)]
    return Report(
        by=span,
        total=_total(rows),
        moments=moments,
        callers=_callers(tenant, _sums(rows, "caller")) if key is None else [],
        endpoints=[Part(name, numbers) for name, numbers in _busiest(_sums(rows, "endpoint"))],
    )


def of_keys(tenant: Tenant, *, days: int = DAYS) -> dict[str, int]:
    """Requests of the last days, by key's id."""
    start = timezone.now() - timedelta(days=days)
    rows = ApiUsage.objects.filter(
        schema_name=tenant.schema_name, span=Span.DAY, start__gte=start
    ).order_by()
    return dict(rows.values_list("caller").annotate(Sum("requests")))


def forget() -> int:
    """Remove hours after two weeks, days after two years and a bit; returns how many rows."""
    now, gone = timezone.now(), 0
    for span, kept in KEPT.items():
        gone += ApiUsage.objects.filter(span=span, start__lt=now - kept).delete()[0]
    ApiUsageBatch.objects.filter(at__lt=now - BATCHES_KEPT).delete()
    return gone


def _sums(rows: QuerySet[ApiUsage], field: str) -> dict[Any, Numbers]:
    found = rows.values(field).annotate(**{f"sum_{name}": Sum(name) for name in COUNTS})
    return {row[field]: _numbers(row) for row in found}


def _total(rows: QuerySet[ApiUsage]) -> Numbers:
    return _numbers(rows.aggregate(**{f"sum_{name}": Sum(name) for name in COUNTS}))


def _numbers(row: Mapping[str, Any]) -> Numbers:
    plain = {name: int(row[f"sum_{name}"] or 0) for name in COUNTS if name not in TAKEN}
    return Numbers(**plain, taken=tuple(int(row[f"sum_{name}"] or 0) for name in TAKEN))


def _busiest(found: dict[str, Numbers]) -> list[tuple[str, Numbers]]:
    ordered = sorted(found.items(), key=lambda pair: (-pair[1].requests, pair[0]))
    return ordered[:MOST_LISTED]


def _callers(tenant: Tenant, found: dict[str, Numbers]) -> list[Part]:
    keys = {str(key.pk): key for key in ApiKey.objects.filter(tenant=tenant)}
    return [Part(name, numbers, keys.get(name)) for name, numbers in _busiest(found)]


def _stretch(
    span: ApiUsage.Span, first: date | None, last: date | None
) -> tuple[datetime, datetime]:
    now = timezone.now().astimezone(UTC)
    step = STEP[span]
    present = now.replace(minute=0, second=0, microsecond=0)
    present = present if span == Span.HOUR else present.replace(hour=0)
    end = _midnight(last) + timedelta(days=1) if last else present + step
    number = HOURS if span == Span.HOUR else DAYS
    start = _midnight(first) if first else end - number * step
    if start >= end:
        raise Invalid(errors={"from": ["The first day comes before the last."]})
    if start < now - KEPT[span] - timedelta(days=1):
        raise Invalid(errors={"from": [f"By {span} it is kept {KEPT[span].days} days."]})
    return start, end


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _starts(span: ApiUsage.Span, start: datetime, end: datetime) -> list[datetime]:
    step = STEP[span]
    return [start + n * step for n in range((end - start) // step)]
