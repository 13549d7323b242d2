"""What became of a deed that was not confirmed."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from apps.payments import stripe_api
from apps.payments.models import Account, Attempt
from apps.payments.services import (
    accounts,
    attempts,
    beginnings,
    billing_details,
    cancellations,
    changes,
    checkouts,
    objects,
    pauses,
)
from apps.payments.services.attempts import Deed
from apps.payments.subscription_errors import NothingToChange
from apps.tenants.access import require

LAST_INVOICES: Final = 10
DEEDS: Final[dict[str, Deed]] = {
    deed.name: deed
    for deed in (
        beginnings.TRIAL, beginnings.ORDER, billing_details.DETAILS, cancellations.CANCEL,
        cancellations.KEEP, cancellations.STAY, changes.CHANGE, changes.UNPLAN, checkouts.CHECKOUT,
        pauses.PAUSE, pauses.RESUME,
    )
}  # fmt: skip


def words(attempt: Attempt) -> str:
    """What was asked for: "another plan"."""
    return DEEDS[attempt.deed].words


def retry(*, account: Account, by: Any) -> Attempt:
    """Ask again for what is open, with the same idempotency key. Raises `NothingToChange` where
    nothing is, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    attempt = _open(account)
    return attempts.go_on(attempt, DEEDS[attempt.deed], by=by)


def drop(*, account: Account, by: Any) -> Attempt:
    """Look at Stripe what became of it, keep that, and do not ask again. Raises
    `NothingToChange`, `StripeError`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    attempt = _open(account)
    if account.customer_id:
        look(account)
    attempts.drop(attempt=attempt, by=by)
    return attempt


def look(account: Account) -> Account:
    """Fetch the customer with their subscriptions and last invoices as they are now. Raises
    `StripeError`.
    """
    customer = str(account.customer_id)
    objects.fetch("customer", customer, account)
    for found in stripe_api.pages("subscriptions", customer=customer, status="all"):
        objects.fetch("subscription", found["id"], account)
    last = stripe_api.pages("invoices", customer=customer, limit=LAST_INVOICES)
    for found in islice(last, LAST_INVOICES):
        objects.fetch("invoice", found["id"], account)
    return accounts.settle(account)


def _open(account: Account) -> Attempt:
    attempt = attempts.open_of(account)
    if attempt is None:
        raise NothingToChange("Nothing is waiting to be confirmed.")
    return attempt
