"""What is fetched when a customer is: changes of the balance and of the cash balance, about which
Stripe sends no event, and the subscriptions that ended when the customer was deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from apps.payments import stripe_api
from apps.payments.errors import StripeObjectMissing
from apps.payments.ledger.movements import Data
from apps.payments.models import Account, LedgerEntry, LedgerTransaction


def of(data: Data, account: Account | None) -> list[dict[str, Any]]:
    """Objects to store along with `data`, one that was just fetched. Raises `StripeError`."""
    if account is None or data["object"] != "customer":
        return []
    if data.get("deleted"):
        return list(_ended(account))
    return [*_balance_changes(data, account), *_cash_changes(data, account)]


def _ended(account: Account) -> Iterator[dict[str, Any]]:
    for subscription in account.subscriptions.live():
        with suppress(StripeObjectMissing):  # gone with its test clock
            yield stripe_api.retrieve("subscription", subscription.pk)


def _balance_changes(customer: Data, account: Account) -> Iterator[dict[str, Any]]:
    """Those that were not posted. Some are posted by invoices and credit notes, so the balance
    alone does not say whether one is missing.
    """
    known = set(
        LedgerTransaction.objects.filter(
            account=account, source_type="customer_balance_transaction"
        ).values_list("source_id", flat=True)
    )
    pages = stripe_api.pages(f"customers/{customer['id']}/balance_transactions")
    return (one for one in pages if one["id"] not in known)


def _cash_changes(customer: Data, account: Account) -> Iterator[dict[str, Any]]:
    """All of them, where what we know does not come to what is there."""
    held = (customer.get("cash_balance") or {}).get("available") or {}
    ours = LedgerEntry.objects.of("customer_cash", account=account).total()
    if sum(held.values()) == -ours:
        return iter(())
    return stripe_api.pages(f"customers/{customer['id']}/cash_balance_transactions")
