"""Rows of somebody who has not paid, as a sync would have left them; no Stripe is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.mail.models import Message
from apps.payments.models import Account, DunningCase, Invoice, PaymentIntent, Subscription
from apps.payments.services import accounts
from apps.tenants.models import Tenant

START = datetime(2027, 2, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Debtor:
    """A workspace with a subscription and an invoice that was refused at `START`; its time is what
    `at` says.
    """

    def __init__(self, tenant: Any, *, plan: str = "school", number: str = "TBX-1") -> None:
        self.account = accounts.of(tenant)
        self.account.customer_id = f"cus_{tenant.slug}"
        self.account.billing_email = ""
        self.account.save()
        self.subscription = Subscription.objects.create(
            id=f"sub_{tenant.slug}", account=self.account, status="past_due", plan=plan,
            interval="month", amount=14_900, collection="charge_automatically",
            created_at=START - timedelta(days=31), period_start=START,
            period_end=START + timedelta(days=28),
        )  # fmt: skip
        self.invoice = self.owe(number)

    def owe(self, number: str, **about: Any) -> Invoice:
        values = {
            "id": f"in_{number}", "account": self.account, "number": number, "status": "open",
            "subscription_id": self.subscription.pk, "total": 14_900, "amount_due": 14_900,
            "amount_remaining": 14_900, "attempt_count": 1, "attempted": True,
            "billing_reason": "subscription_cycle", "collection": "charge_automatically",
            "created_at": START - HOUR, "finalized_at": START,
            "hosted_url": "https://invoice.example/i/1",
            "data": {"payments": {"data": [{"payment": {"payment_intent": f"pi_{number}"}}]}},
        }  # fmt: skip
        return Invoice.objects.create(**{**values, **about})

    def at(self, days: float) -> None:
        """What there is to be done so many days after the failure."""
        now = START + timedelta(days=days)
        Account.objects.filter(pk=self.account.pk).update(simulated_at=now)
        self.account.refresh_from_db()
        accounts.settle(self.account)
        self.account.refresh_from_db()

    def through(self, *days: float) -> None:
        for day in days:
            self.at(day)

    def change(self, days: float, invoice: Invoice | None = None, **values: Any) -> None:
        """Another state of the invoice is heard of at that time."""
        Invoice.objects.filter(pk=(invoice or self.invoice).pk).update(**values)
        self.at(days)

    def paid(self, days: float) -> None:
        now = START + timedelta(days=days)
        self.change(days, status="paid", amount_paid=14_900, amount_remaining=0, paid_at=now)

    def intent(self, **values: Any) -> PaymentIntent:
        about = {"account": self.account, "created_at": START, "status": "requires_payment_method"}
        return PaymentIntent.objects.create(id=f"pi_{self.invoice.number}", **{**about, **values})

    @property
    def case(self) -> DunningCase:
        return DunningCase.objects.with_steps().get(invoice=self.invoice)


def told(owner: Any, *prefixes: str) -> list[str]:
    """The templates of the mails that went to them, of dunning unless others are named."""
    rows = Message.objects.filter(to=owner.email).order_by("created_at", "id")
    found = [row.removeprefix("mail/") for row in rows.values_list("template", flat=True)]
    return [name for name in found if name.startswith(prefixes or ("payment_",))]


def states(case: DunningCase) -> dict[str, str]:
    return dict(case.steps.values_list("key", "state"))


def fresh(tenant: Tenant) -> Tenant:
    return Tenant.objects.get(pk=tenant.pk)
