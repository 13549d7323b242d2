"""How the business goes, by month: computed from stored rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from apps.payments.models import Account, Invoice, Payment, Subscription, SubscriptionChange
from apps.payments.months import midnight, months_until, next_month
from apps.payments.mrr import movements, trials
from apps.payments.mrr.movements import Month, Point
from apps.payments.mrr.trials import Cohort, Trial
from apps.payments.services.periods import later

MONTHS: Final = (12, 24)


@dataclass(frozen=True)
class Failing:
    """Failed attempts of a month, the invoices they were for, and how many of these got paid."""

    start: date
    attempts: int
    amount: int
    invoices: int
    recovered: int

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.recovered, self.invoices) if self.invoices else None


@dataclass(frozen=True)
class Share:
    plan: str
    interval: str
    customers: int
    monthly: int
    part: Fraction


@dataclass(frozen=True)
class Report:
    """`later` counts changes that lie ahead of now, on test clocks; they are left out."""

    months: list[Month]
    retention: Fraction | None
    failing: list[Failing]
    trials: list[Cohort]
    plans: list[Share]
    later: int
    names: dict[object, str]


def report(*, number: int = 12, until: datetime | None = None) -> Report:
    """The last `number` months, the present one included as far as it has come."""
    now = until or timezone.now()
    starts = months_until(now.date(), number)
    rows = SubscriptionChange.objects.values_list("account", "subscription", "at", "monthly")
    points = [Point(*row) for row in rows.filter(at__lte=now)]
    months = movements.by_month(points, starts)
    moved = {one.customer for month in months for one in month.movements}
    return Report(
        months=months,
        retention=movements.retained(
            points, since=later(now, -12).date(), until=next_month(starts[-1])
        ),
        failing=_failing(starts, now),
        trials=trials.cohorts(_trials(starts, now), starts),
        plans=_plans(points),
        later=rows.filter(at__gt=now).count(),
        names={
            row.pk: row.name for row in Account.objects.filter(pk__in=[str(one) for one in moved])
        },
    )


def _failing(starts: Sequence[date], now: datetime) -> list[Failing]:
    failed = Payment.objects.failed().filter(created_at__gte=midnight(starts[0]))
    rows = failed.filter(created_at__lte=now).values_list(
        "created_at", "amount", "invoice_id", "invoice__status"
    )
    by_month: dict[date, list[tuple[int, str | None, str | None]]] = {one: [] for one in starts}
    for at, amount, invoice, status in rows:
        by_month[at.date().replace(day=1)].append((amount, invoice, status))
    return [_fold(start, found) for start, found in by_month.items()]


def _fold(start: date, rows: list[tuple[int, str | None, str | None]]) -> Failing:
    paid = {invoice for _, invoice, status in rows if status == Invoice.Status.PAID}
    invoices = {invoice for _, invoice, _ in rows if invoice}
    return Failing(start, len(rows), sum(one[0] for one in rows), len(invoices), len(paid))


def _trials(starts: Sequence[date], now: datetime) -> list[Trial]:
    paid = Invoice.objects.filter(
        subscription_id=OuterRef("pk"), status=Invoice.Status.PAID, total__gt=0
    )
    rows = Subscription.objects.filter(
        trial_start__gte=midnight(starts[0]), trial_start__lte=now
    ).annotate(has_paid=Exists(paid))
    over = Q(trial_end__lte=now) | Q(ended_at__isnull=False)
    ended = set(rows.filter(over).values_list("pk", flat=True))
    return [
        Trial(began_at, is_over=pk in ended, converted=has_paid)
        for pk, began_at, has_paid in rows.values_list("pk", "trial_start", "has_paid")
        if began_at
    ]


def _plans(points: Sequence[Point]) -> list[Share]:
    """What those who pay now subscribe to."""
    worth = {point.subscription: point.monthly for point in sorted(points, key=lambda one: one.at)}
    paying = {pk: monthly for pk, monthly in worth.items() if monthly}
    total = sum(paying.values()) or 1
    amounts, customers = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    rows = Subscription.objects.filter(pk__in=paying).order_by(F("plan"), F("interval"))
    for pk, plan, interval in rows.values_list("pk", "plan", "interval"):
        amounts[plan, interval] += paying[pk]
        customers[plan, interval] += 1
    return [
        Share(*key, customers[key], amount, Fraction(amount, total))
        for key, amount in amounts.most_common()
    ]
