"""How dunning goes: the board of what is open, and how much of it comes in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import RowNumber, TruncMonth
from django.utils import timezone

from apps.payments.dunning import Stage
from apps.payments.models import DunningCase
from apps.payments.months import midnight, months_until

MONTHS = 12
SHOWN = 25  # cases of a stage; the list has all of them


@dataclass
class Column:
    """`number` and `amount` are of all cases of the stage, `cases` are the oldest of them."""

    stage: Stage
    cases: list[DunningCase] = field(default_factory=list)
    number: int = 0
    amount: int = 0


@dataclass(frozen=True)
class Month:
    """Cases by the month in which they began. `recovered` counts those that were paid."""

    start: date
    cases: int
    recovered: int
    amount: int
    recovered_amount: int


def board() -> list[Column]:
    """Open cases by how far they have come, the oldest `SHOWN` of each stage first."""
    columns: dict[str, Column] = {stage.value: Column(stage) for stage in Stage}
    rows: Any = DunningCase.objects.open().with_stage()
    sums = rows.order_by().values("reached")
    for one in sums.annotate(number=Count("pk"), owed=Sum("invoice__amount_remaining")):
        column = columns[one["reached"]]
        column.number, column.amount = one["number"], one["owed"]
    by_age = [F("began_at").asc(), F("pk").asc()]
    place = Window(RowNumber(), partition_by=F("reached"), order_by=by_age)
    for case in rows.with_steps().annotate(place=place).filter(place__lte=SHOWN).order_by(*by_age):
        columns[case.reached].cases.append(case)
    return [one for one in columns.values() if one.number or one.stage != Stage.ENDED]


def months(number: int = MONTHS) -> list[Month]:
    """The last months, this one included, oldest first."""
    starts = months_until(timezone.now().date(), number)
    paid = Q(outcome=DunningCase.Outcome.RECOVERED)
    rows = (
        DunningCase.objects.filter(began_at__gte=midnight(starts[0]))
        .annotate(month=TruncMonth("began_at", tzinfo=UTC))
        .order_by("month")
        .values("month")
        .annotate(
            cases=Count("pk"), recovered=Count("pk", filter=paid),
            owed=Sum("amount"), come_in=Sum("amount", filter=paid),
        )
    )  # fmt: skip
    found = {row["month"].date(): row for row in rows}
    return [_month(start, found.get(start)) for start in starts]


def rate(found: Iterable[Month]) -> int | None:
    """Percent of the amounts that came in; None where nothing was owed."""
    rows = list(found)
    owed = sum(one.amount for one in rows)
    return round(100 * sum(one.recovered_amount for one in rows) / owed) if owed else None


def _month(start: date, row: Any) -> Month:
    if row is None:
        return Month(start, 0, 0, 0, 0)
    return Month(start, row["cases"], row["recovered"], row["owed"] or 0, row["come_in"] or 0)
