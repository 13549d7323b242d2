"""Use beyond the included, told to Stripe's meters, which charge it with the next invoice.

Each hour what a month's use has become is compared with what was told of that month, and the
difference becomes a row (`UsageReport`) and then an event at Stripe with the row's identifier. A
run that is killed in between leaves a row that the next one sends; Stripe counts an identifier once
(https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api). Use that turns out
to be less is set off against what the month still brings.

Stripe counts an event in the period that its timestamp lies in, takes none that is older than 35
days, and adds nothing to an invoice that is final, which it is an hour after the renewal
(https://docs.stripe.com/billing/subscriptions/usage-based/configure-grace-period). So an event has
the time at which it is told: what is told late counts in the period that is open then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Sum

from apps.core.errors import Invalid
from apps.payments import pricing, stripe_api
from apps.payments.catalogue import PRICED, event_of
from apps.payments.errors import StripeError
from apps.payments.models import Account, Subscription, UsageReport
from apps.tenants.models import Tenant
from apps.usage.models import WorkspacePlan
from apps.usage.plans import BEYOND
from apps.usage.services import beyond, limits, terms, usage
from apps.usage.services.beyond import Part
from apps.usage.services.limits import Spending
from apps.usage.services.readings import month_of

KNOWN = "duplicate_meter_event"
SETTLING_DAYS = 2  # for so long use of the month before is still told: its last hour comes late

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Line:
    """One metered thing this month: `billed` units, for `cost` minor units."""

    part: Part
    billed: int
    cost: int
    price: str


@dataclass(frozen=True)
class State:
    """This month of a workspace. `can_pay`: its plan has anything beyond, and is not just
    tried (`is_tried`); `payer` is another workspace where a district pays. `spending`: how far the
    chosen most is used, None without one.
    """

    lines: list[Line]
    pays: bool
    most: int | None
    cost: int
    can_pay: bool
    is_tried: bool
    payer: Tenant
    spending: Spending | None
    begins_anew: datetime


def of(tenant: Tenant) -> State:
    """What is used, included, billed and costs so far, in a constant number of queries."""
    payer = limits.pool_of(tenant) or tenant
    held = terms.of(payer)
    account = Account.objects.of(payer).first()
    month = month_of(account.now.date() if account else usage.today())
    told = billed(account, month) if account else {}
    lines = []
    for part in beyond.of(payer):
        units = told.get(part.beyond.meter, 0)
        cost = beyond.cost_of({part.beyond.key: units})
        lines.append(Line(part, units, cost, pricing.each(part.beyond)))
    total = beyond.cost_of({line.part.beyond.key: line.billed for line in lines})
    tried = account is not None and is_tried(account)
    return State(
        lines, held.pays_beyond, held.most_beyond, total,
        held.plan.slug in PRICED and not tried, tried, payer,
        limits.spending(payer), next_month(month),
    )  # fmt: skip


def next_month(month: date) -> datetime:
    """When the month after the one of `month` begins."""
    following = month_of(month_of(month) + timedelta(days=32))
    return datetime.combine(following, time(), tzinfo=UTC)


def report_all() -> int:
    """All accounts that pay for more; returns how many events Stripe was told of. What Stripe
    does not take stays for the next hour.
    """
    paying = Account.objects.connected().filter(tenant__workspace_plan__pays_beyond=True)
    unsent = Account.objects.connected().filter(
        usage_reports__sent_at__isnull=True, usage_reports__waived=False
    )
    sent = 0
    for account in (paying | unsent).distinct().order_by("pk"):
        try:
            sent += report(account)
        except StripeError as error:
            log.warning("usage_not_reported", account=str(account.pk), error=error.detail)
    return sent


def report(account: Account) -> int:
    """Write down what is new of one account's use, and tell Stripe. Raises `StripeError`."""
    today = account.now.date()
    if is_metered(account):
        for day in _days(today):
            note(account, day)
    unsent = account.usage_reports.filter(sent_at__isnull=True, waived=False)
    return sum(_tell(row) for row in unsent)


def _tell(row: UsageReport) -> int:
    """What Stripe refuses by itself, and will again, holds up nothing that came after it."""
    try:
        return _send(row)
    except StripeError as error:
        if not error.permanent:
            raise
        log.error("usage_refused", report=str(row.pk), error=error.detail)  # noqa: TRY400
        return 0


def note(account: Account, day: date) -> list[UsageReport]:
    """Rows for what the month of `day` has brought since it was last looked at."""
    with transaction.atomic():
        account = Account.objects.lock(account.pk)
        if account.tenant is None:
            return []
        plan = terms.of(account.tenant).plan.slug
        parts = beyond.of(account.tenant, today=day)
        return [row for part in parts if (row := _note(account, part, plan, day)) is not None]


def choose(*, tenant: Tenant, pays: bool, most: int | None, by: Any) -> WorkspacePlan:
    """As `beyond.choose`; what was used before is not charged. Refused in a trial too, of which
    nobody knows whether it will be paid for.
    """
    from apps.payments.services import accounts

    with transaction.atomic():
        row = beyond.choose(tenant=tenant, pays=pays, most=most, by=by)
        account = accounts.of(tenant)
        if pays and is_tried(account):
            raise Invalid(errors={"pays": ["In a trial there is no more than the plan includes."]})
        if is_metered(account):
            note(account, account.now.date())
    return row


def is_tried(account: Account) -> bool:
    """Whether its plan is one that it tries."""
    granting = account.subscriptions.granting().order_by("-created_at").first()
    return granting is not None and granting.status == Subscription.Status.TRIALING


def billed(account: Account, month: date) -> dict[str, int]:
    """By meter the units that were told, or wait to be, of a calendar month."""
    rows = account.usage_reports.filter(month=month, waived=False).order_by()
    return dict(rows.values_list("meter").annotate(Sum("units")))


def is_metered(account: Account) -> bool:
    """Whether what it uses beyond its plan is charged."""
    if account.tenant is None or not account.customer_id:
        return False
    return terms.of(account.tenant).pays_beyond and account.subscriptions.granting().exists()


def _note(account: Account, part: Part, plan: str, day: date) -> UsageReport | None:
    meter, month = part.beyond.meter, month_of(day)
    rows = UsageReport.objects.filter(account=account, meter=meter, month=month, plan=plan)
    more = part.units - (rows.aggregate(told=Sum("units"))["told"] or 0)
    is_first = not rows.exists()
    waived = is_first and not _goes_on(account, meter, plan, month)
    if more <= 0 and not waived:
        return None
    return UsageReport.objects.create(
        account=account, meter=meter, month=month, plan=plan, units=max(0, more),
        waived=waived, at=account.now,
    )  # fmt: skip


def _goes_on(account: Account, meter: str, plan: str, month: date) -> bool:
    """Whether the month before ended as metered as this one begins."""
    before = month_of(month - timedelta(days=1))
    rows = UsageReport.objects.filter(account=account, meter=meter)
    last = rows.filter(month=before).order_by("at", "id").last()
    return last is not None and last.plan == plan and not rows.filter(month=month).exists()


def _send(row: UsageReport) -> int:
    wish = {
        "event_name": event_of(next(one for one in BEYOND.values() if one.meter == row.meter)),
        "payload": {"stripe_customer_id": row.account.customer_id, "value": str(row.units)},
        "identifier": row.identifier,
        "timestamp": int(row.account.now.timestamp()),
    }
    try:
        stripe_api.call(lambda api: api.billing.meter_events.create(wish))
    except StripeError as error:
        if error.stripe_code != KNOWN:
            raise
    UsageReport.objects.filter(pk=row.pk).update(sent_at=row.account.now)
    return 1


def _days(today: date) -> list[date]:
    """The days to look at: today, and early in a month the last one of the month before."""
    last = month_of(today) - timedelta(days=1)
    return [last, today] if today.day <= SETTLING_DAYS else [today]
