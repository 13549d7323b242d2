"""Rows about money without Stripe."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.payments.models import (
    Account,
    CustomerCredit,
    Dispute,
    Invoice,
    Payment,
    Refund,
    Subscription,
)


def make_account(tenant: Any, **about: Any) -> Account:
    wish = {"schema_name": tenant.schema_name, "name": tenant.name, "customer_id": "cus_1"}
    found, _ = Account.objects.get_or_create(tenant=tenant, defaults=wish | about)
    return found


def make_invoice(account: Account, number: str, **about: Any) -> Invoice:
    """A paid one over EUR 149, now."""
    wish = {
        "number": number, "status": "paid", "total": 14_900, "amount_paid": 14_900,
        "collection": "charge_automatically", "created_at": timezone.now(),
        "finalized_at": timezone.now(), "paid_at": timezone.now(), "data": {},
    }  # fmt: skip
    return Invoice.objects.create(pk=f"in_{number}", account=account, **wish | about)


def make_payment(
    account: Account, ident: str, *, at: datetime | None = None, **about: Any
) -> Payment:
    """EUR 149 with a card, paid."""
    wish = {
        "status": "succeeded", "amount": 14_900, "amount_captured": 14_900, "method": "Visa 4242",
        "method_type": "card", "last4": "4242", "payment_intent_id": f"pi_{ident}",
        "created_at": at or timezone.now(), "data": {},
    }  # fmt: skip
    return Payment.objects.create(pk=f"ch_{ident}", account=account, **wish | about)


def pay_and_dispute(tenant: Any) -> Account:
    """A customer with one of everything."""
    account, now = make_account(tenant), timezone.now()
    Subscription.objects.create(
        pk="sub_1", account=account, status="active", plan="school", interval="month",
        amount=14_900, collection="charge_automatically", created_at=now, data={},
    )  # fmt: skip
    invoice = make_invoice(account, "TBX-1")
    payment = make_payment(account, "1", invoice=invoice)
    asked = {"asked_by_label": "olga@toolboxai.example", "note": "Ticket 1", "state": "done"}
    Refund.objects.create(account=account, payment=payment, amount=100, stripe_id="re_1", **asked)
    CustomerCredit.objects.create(account=account, amount=500, stripe_id="cbtxn_1", **asked)
    Dispute.objects.create(
        pk="du_1", account=account, payment=payment, status="needs_response", reason="fraudulent",
        amount=14_900, created_at=now, due_at=now, data={},
    )  # fmt: skip
    return account
