"""How PaymentIntents stand: what the bank said, and whether the payer has to do something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.payments import failures
from apps.payments.models import Account, Invoice, Payment, PaymentIntent
from apps.payments.models.intents import from_stripe
from apps.payments.stripe_values import moment


def store(data: Mapping[str, Any], account: Account | None) -> None:
    """A projection (`services.objects`)."""
    if account is None:
        return
    values = {**from_stripe(data), "account": account, "created_at": moment(data["created"])}
    PaymentIntent.objects.update_or_create(pk=data["id"], defaults=values)


def failure_of(invoice: Invoice) -> str:
    """Why its last payment failed, in words."""
    found = PaymentIntent.objects.of(invoice).first()
    if found is None:
        payment = Payment.objects.failed().filter(invoice=invoice).first()
        return payment.failure if payment else failures.in_words()
    if found.status == PaymentIntent.REQUIRES_ACTION:
        return failures.in_words("authentication_required")
    codes = (found.decline_code, found.failure_code)
    if not any(codes) and found.status == "requires_payment_method":
        codes = ("missing", "")
    return failures.in_words(*codes)


def is_under_way(invoice: Invoice) -> bool:
    """A direct debit is on its way: nothing has failed yet."""
    return PaymentIntent.objects.of(invoice).filter(status=PaymentIntent.PROCESSING).exists()


def wants_confirmation(invoice: Invoice) -> bool:
    found = PaymentIntent.objects.of(invoice)
    return found.filter(status=PaymentIntent.REQUIRES_ACTION).exists()
