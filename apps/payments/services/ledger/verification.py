"""Whether the ledger's sums are Stripe's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.payments import stripe_api
from apps.payments.catalogue import CURRENCY
from apps.payments.errors import StripeObjectMissing
from apps.payments.models import Account, LedgerEntry


@dataclass(frozen=True)
class Difference:
    """`ledger` and `stripe` are minor units; `account` is None for what is no customer's."""

    ledger_account: str
    account: Account | None
    ledger: int
    stripe: int

    @property
    def amount(self) -> int:
        return self.ledger - self.stripe


def verify(accounts: Iterable[Account] | None = None) -> list[Difference]:
    """Where the ledger says something else than Stripe: the balance, and what each of the
    customers (without a choice: all that Stripe knows) owes and has. One call for the whole and two
    for each customer. Raises `StripeError`.
    """
    found = [*_of_balance()]
    for account in Account.objects.connected().iterator() if accounts is None else accounts:
        found += verify_account(account)
    return found


def verify_account(account: Account) -> list[Difference]:
    """Receivables and open invoices, credit and the customer's balance, bank transfers and the
    cash balance. Raises `StripeError`.
    """
    try:
        customer = stripe_api.request(f"customers/{account.customer_id}", expand=["cash_balance"])
    except StripeObjectMissing:  # gone with its test clock
        return []
    if customer.get("deleted"):
        return []
    held = (customer.get("cash_balance") or {}).get("available") or {}
    stripes = {
        "receivable": _remaining(account),
        "customer_credit": customer["balance"],
        "customer_cash": -held.get(CURRENCY, 0),
    }
    ours = {code: _ours(code, account) for code in stripes}
    return [
        Difference(code, account, ours[code], stripe)
        for code, stripe in stripes.items()
        if ours[code] != stripe
    ]


def _remaining(account: Account) -> int:
    rows: Iterator[dict[str, Any]] = stripe_api.pages(
        "invoices", customer=account.customer_id, status="open"
    )
    now = [one["amount_remaining"] for one in rows if one["currency"] == CURRENCY]
    return sum([*now, *_left_behind(account)])


def _left_behind(account: Account) -> Iterator[int]:
    """What is open of customers that were deleted, which Stripe does not list."""
    former = list(account.former_customers.values_list("pk", flat=True))
    owed = account.invoices.owed().filter(data__customer__in=former, currency=CURRENCY)
    yield from owed.values_list("amount_remaining", flat=True)


def _ours(code: str, account: Account | None = None) -> int:
    return LedgerEntry.objects.of(code, account=account).filter(currency=CURRENCY).total()


def _of_balance() -> Iterator[Difference]:
    found = stripe_api.request("balance")
    stripe = sum(
        one["amount"]
        for one in [*found["available"], *found["pending"]]
        if one["currency"] == CURRENCY
    )
    ours = _ours("stripe_balance")
    if ours != stripe:
        yield Difference("stripe_balance", None, ours, stripe)
