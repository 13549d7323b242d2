"""How mail went over the last weeks, day by day and by workspace, read from its rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.mail.models import Message

DAYS: Final = 30
MOST_WORKSPACES: Final = 10
State = Message.State
ARRIVED = Q(state__in=(State.DELIVERED, State.OPENED))
REFUSED = Q(state__in=(State.BOUNCED, State.COMPLAINED))
LEFT = Q(sent_at__isnull=False)


class _Percentile(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Numbers:
    """`left` are those that a service took; `p50` and `p95` are the seconds until half, and 19 of
    20 of them, had left, without what waited because its reader wanted it to. None of none.
    """

    written: int = 0
    left: int = 0
    arrived: int = 0
    bounced: int = 0
    complained: int = 0
    p50: float | None = None
    p95: float | None = None

    @property
    def refused(self) -> int:
        return self.bounced + self.complained

    @property
    def refused_percent(self) -> float:
        """Of what left."""
        return 100 * self.refused / self.left if self.left else 0.0


@dataclass(frozen=True)
class Report:
    """`days` has one entry for each, the oldest first; `workspaces` those whose mail is refused
    most, by the name of their schema.
    """

    days: list[tuple[date, Numbers]]
    total: Numbers
    workspaces: list[tuple[str, Numbers]]


def report() -> Report:
    """Three queries, whatever there is."""
    today = timezone.localdate()
    dates = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    since = timezone.make_aware(datetime.combine(dates[0], datetime.min.time()))
    rows = Message.objects.filter(created_at__gte=since).order_by()
    by_day = {row.pop("day"): row for row in _counted(rows.values(day=TruncDate("created_at")))}
    worst = _counted(rows.values("schema_name")).filter(turned_away__gt=0)
    worst = worst.order_by("-turned_away", "schema_name")[:MOST_WORKSPACES]
    return Report(
        days=[(day, _numbers(by_day.get(day, {}))) for day in dates],
        total=_numbers(rows.aggregate(**_counts())),
        workspaces=[(row["schema_name"], _numbers(row)) for row in worst],
    )


def _counted(rows: Any) -> Any:
    return rows.annotate(**_counts(), turned_away=Count("pk", filter=REFUSED))


def _counts() -> dict[str, Any]:
    waited = ExpressionWrapper(F("sent_at") - F("created_at"), output_field=DurationField())
    queued = LEFT & Q(held_for="")
    return {
        "written": Count("pk"),
        "left": Count("pk", filter=LEFT),
        "arrived": Count("pk", filter=ARRIVED),
        "bounced": Count("pk", filter=Q(state=State.BOUNCED)),
        "complained": Count("pk", filter=Q(state=State.COMPLAINED)),
        "p50": _Percentile(waited, filter=queued, share=0.5),
        "p95": _Percentile(waited, filter=queued, share=0.95),
    }


def _numbers(row: dict[str, Any]) -> Numbers:
    values = {name: row[name] for name in _counts() if name in row}
    for name in ("p50", "p95"):
        waited = values.get(name)
        values[name] = None if waited is None else waited.total_seconds()
    return Numbers(**values)
