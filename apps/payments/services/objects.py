"""Stripe's objects as they are now, kept here: the only way they come in.

Whatever says that something changed (a webhook, an answer to a deed, a reconciliation), the object
is stored as Stripe gives it now, and never as an event remembers it. So duplicates, any order and
gaps end in the same rows (ADR 30).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from django.db import transaction

from apps.payments import stripe_api
from apps.payments.models import Account
from apps.payments.services import (
    billing_mails,
    clocks,
    intents,
    mirror,
    payments,
    records,
    recurring,
)
from apps.payments.services.ledger import following
from apps.payments.services.ledger import projections as ledger

Object = Mapping[str, Any]
Projection = Callable[[Object, Account | None], None]
log = structlog.get_logger(__name__)

# By Stripe's `object`, in this order: each may read what those before it stored. A projection
# depends on the object as given and on stored rows alone, and may be repeated.
PROJECTIONS: Final[dict[str, tuple[Projection, ...]]] = {
    clocks.KIND: (clocks.note_time,),
    "customer": (records.customer, payments.customer),
    "subscription": (records.subscription, recurring.subscription, ledger.subscription),
    "invoice": (records.invoice, payments.invoice, recurring.invoice, ledger.invoice),
    "credit_note": (records.credit_note, ledger.credit_note),
    "charge": (payments.charge, ledger.charge),
    "refund": (payments.refund, ledger.refund, billing_mails.refund),
    "dispute": (payments.dispute, ledger.dispute),
    "payout": (ledger.payout,),
    "balance_transaction": (ledger.balance_transaction,),
    "customer_balance_transaction": (
        payments.balance_transaction,
        ledger.customer_balance_transaction,
    ),
    "customer_cash_balance_transaction": (ledger.customer_cash_balance_transaction,),
    "payment_intent": (intents.store,),
}


def fetch(kind: str, ident: str, account: Account | None = None) -> Account | None:
    """Fetch an object by its kind and id and store it; whose it is. Raises `StripeError`.

    Both happen while nobody else stores anything of the account, so that what was fetched earlier
    is never written over what was fetched later. `account`: whose it is, where the caller knows;
    else Stripe is asked for that first.
    """
    if account is None:
        found = stripe_api.retrieve(kind, ident)
        account = account_of(found)
        if account is None:
            return store(found)
    with transaction.atomic():
        Account.objects.lock(account.pk)
        return store(stripe_api.retrieve(kind, ident), account)


def store(data: Object, account: Account | None = None) -> Account | None:
    """Keep an object just fetched (`stripe_api.retrieve`, `each`); returns whose it is, None for
    what belongs to no customer or to one that is not ours. Nobody else stores anything of the
    account meanwhile.
    """
    account = account or account_of(data)
    followers = following.of(data, account)
    with transaction.atomic():
        if account is not None:
            account = Account.objects.lock(account.pk)
        elif customer_of(data):
            log.info("stripe_object_of_nobody", kind=data["object"], id=data.get("id"))
            return None
        mirror.keep(data)  # behind the account's lock: two would lock its rows crosswise
        # What a deleted customer leaves behind comes in before they go.
        for one in (*followers, data) if data.get("deleted") else (data, *followers):
            project(one, account)
    return account


def project(data: Object, account: Account | None) -> None:
    """Only what follows from the object itself, in the caller's transaction."""
    for projection in PROJECTIONS.get(str(data["object"]), ()):
        projection(data, account)


def is_kept(kind: str) -> bool:
    """Whether anything is made of Stripe's objects of that name."""
    return kind in PROJECTIONS or kind in mirror.KEPT


def account_of(data: Object) -> Account | None:
    customer = customer_of(data)
    return Account.objects.of_customer(customer) if customer else None


def customer_of(data: Object) -> str:
    """The id of the customer an object is about; empty where it names none. What a refund or a
    dispute is about, its charge tells.
    """
    if data["object"] == "customer":
        return str(data["id"])
    for found in (data.get("customer"), data.get("charge")):
        if isinstance(found, str) and found.startswith("cus_"):
            return found
        if isinstance(found, Mapping):
            return customer_of(found)
    return ""
