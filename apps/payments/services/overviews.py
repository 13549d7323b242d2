"""All that the page Settings, Billing says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.payments import catalogue
from apps.payments.catalogue import Chosen
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt, Checkout, Invoice, Subscription
from apps.payments.services import (
    attempts,
    beginnings,
    changes,
    checkouts,
    metering,
    previews,
    subscriptions,
    transfers,
)
from apps.payments.services.previews import Amounts
from apps.payments.services.transfers import BankDetails
from apps.tenants.access import require
from apps.tenants.models import Tenant
from apps.usage.plans import FREE, Plan
from apps.usage.services import limits, terms
from apps.usage.services.terms import Terms


@dataclass(frozen=True)
class Overview:
    """`plan`: what the workspace has now; `payer` has it, itself or its district. `subscription`:
    the one in force, None for no charge. `ended`: the last one, where none is in force. `renewal`:
    what the next invoice will be, None for no next one or while Stripe does not answer
    (`is_reachable`). `planned`: what a change at the period's end makes of it.
    `beyond`: this month beyond the plan, where that is paid for.
    """

    account: Account
    plan: Plan
    payer: Tenant | None
    subscription: Subscription | None
    ended: Subscription | None
    renewal: Amounts | None
    planned: Chosen | None
    attempt: Attempt | None
    checkout: Checkout | None
    open_invoices: tuple[Invoice, ...]
    beyond: metering.State | None
    bank: BankDetails | None
    may_try: bool
    is_reachable: bool

    @property
    def is_shared(self) -> bool:
        """Whether the plan is the district's."""
        return self.payer is not None and self.payer.pk != self.account.tenant_id

    @property
    def is_given(self) -> bool:
        """Whether the workspace has a plan that it does not pay for."""
        return self.subscription is None and not self.is_shared and self.plan is not FREE

    @property
    def method(self) -> str:
        """What is charged next: "Visa 4242"; "" for none."""
        own = self.subscription.method if self.subscription else ""
        return own or self.account.method

    @property
    def trial_days_left(self) -> int | None:
        """Whole days, the last one counted; None without a trial."""
        found = self.subscription
        if found is None or found.status != Subscription.Status.TRIALING or not found.trial_end:
            return None
        seconds = (found.trial_end - self.account.now).total_seconds()
        return max(0, -int(-seconds // 86_400))

    @property
    def ends_unpaid(self) -> bool:
        """Whether a trial is under way and nothing would be charged after it."""
        found = self.subscription
        return (
            found is not None
            and found.status == Subscription.Status.TRIALING
            and not (self.method or found.cancel_at_period_end)
        )

    @property
    def rests(self) -> bool:
        return self.subscription is not None and self.subscription.rests(self.account.now)

    @property
    def renews_at(self) -> datetime | None:
        """When the next invoice is made."""
        found = self.subscription
        if found is None or found.cancel_at_period_end:
            return None
        return found.resumes_at if found.is_paused else found.period_end

    @property
    def list_amount(self) -> int:
        """What recurs without discounts and tax, by the catalogue."""
        found = self.subscription
        return catalogue.amount(found.plan, _interval(found), found.seats) if found else 0


def of(account: Account, *, by: Any) -> Overview:
    """Raises `PermissionMissing`; an outage of Stripe leaves out what only Stripe knows."""
    require("billing.view", by=by, tenant=account.tenant)
    subscription = subscriptions.live_of(account)
    renewal, planned, bank, reachable = None, None, None, True
    owed = _owed(account)
    payer = account.tenant and (limits.pool_of(account.tenant) or account.tenant)
    held = terms.of(payer) if payer else Terms(FREE)
    try:
        if subscription is not None:
            renewal = previews.of_renewal(subscription)
            planned = changes.planned(subscription)
        if any(one.collection == Account.Collection.INVOICE for one in owed):
            bank = transfers.details(account)
    except StripeError:
        reachable = False
    return Overview(
        account=account,
        plan=held.plan,
        payer=payer,
        subscription=subscription,
        ended=None if subscription else account.subscriptions.exclude(ended_at=None).first(),
        renewal=renewal,
        planned=planned,
        attempt=attempts.open_of(account),
        checkout=checkouts.unfinished(account),
        open_invoices=owed,
        beyond=metering.of(payer) if payer and held.pays_beyond else None,
        bank=bank,
        may_try=beginnings.may_try(account),
        is_reachable=reachable,
    )


def _owed(account: Account) -> tuple[Invoice, ...]:
    """What is to be paid, the oldest first; not of a purchase that was begun and left."""
    begun = account.subscriptions.filter(status=Subscription.Status.INCOMPLETE).values("pk")
    return tuple(
        account.invoices.owed().exclude(subscription_id__in=begun).order_by("created_at")[:10]
    )


def _interval(subscription: Subscription) -> catalogue.Interval:
    return "year" if subscription.interval == "year" else "month"
