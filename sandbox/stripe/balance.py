"""The account's own money: balance transactions with fees, the balance, payouts.

https://docs.stripe.com/api/balance_transactions. Every movement is one transaction, so that the
balance is their sum.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers, money
from sandbox.stripe.accounts import DAY
from sandbox.stripe.answers import Document
from sandbox.stripe.clocks import happening
from sandbox.stripe.documents import reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

KIND = "balance_transaction"
DISPUTE_FEE = 2_000
# https://stripe.com/de/pricing: percent, fixed part, most.
FEES: dict[str, tuple[float, int, int | None]] = {
    "card": (1.5, 25, None),
    "sepa_debit": (0, 35, None),
    "customer_balance": (0.5, 0, 500),
}
AVAILABLE_AFTER = {"card": 7 * DAY, "sepa_debit": 7 * DAY, "customer_balance": 0}


def fee_of(method: str, amount: int) -> int:
    percentage, fixed, most = FEES[method]
    fee = money.percent(amount, percentage) + fixed
    return fee if most is None else min(fee, most)


def move(store: Store, source: Document, amount: int, kind: str, **about: Any) -> Document:
    """`about`: fee, description, available_after (seconds), reporting_category."""
    fee, now = about.get("fee", 0), store.now(source)
    details = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": "Dispute fee" if kind == "adjustment" else "Stripe processing fees",
        "type": "stripe_fee",
    }
    wait = about.get("available_after", 0)
    return store.insert(
        {
            "id": identifiers.new("txn"),
            "object": KIND,
            "amount": amount,
            "available_on": now + wait,
            "balance_type": "payments",
            "created": now,
            "currency": source["currency"],
            "description": about.get("description"),
            "fee": fee,
            "fee_details": [details] if fee else [],
            "net": amount - fee,
            "reporting_category": about.get("reporting_category", kind),
            "source": source["id"],
            "status": "pending" if wait else "available",
            "type": kind,
            "_due": now + wait if wait else None,
            "_customer": source.get("customer"),
        }
    )


@happening(KIND)
def become_available(store: Store, transaction: Document) -> None:
    transaction["status"] = "available"
    store.save(transaction)


def read_balance(call: Call) -> Document:
    transactions = call.store.select(KIND)
    return {
        "object": "balance",
        "available": _sums(transactions, "available"),
        "livemode": False,
        "pending": _sums(transactions, "pending"),
    }


def _sums(transactions: list[Document], status: str) -> list[Document]:
    currencies = sorted({one["currency"] for one in transactions}) or ["eur"]
    return [
        {"amount": total, "currency": currency, "source_types": {"card": total}}
        for currency in currencies
        for total in [_sum(transactions, status, currency)]
    ]


def _sum(transactions: list[Document], status: str, currency: str) -> int:
    return sum(
        one["net"]
        for one in transactions
        if one["status"] == status and one["currency"] == currency
    )


def pay_out(call: Call) -> Document:
    params, store = call.params, call.store
    currency = params["currency"].lower()
    if params["amount"] > _sum(store.select(KIND), "available", currency):
        raise StripeError(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
        )
    now = store.now()
    payout = {
        "id": identifiers.new("po"),
        "object": "payout",
        "amount": params["amount"],
        "arrival_date": now + DAY,
        "automatic": False,
        "created": now,
        "currency": currency,
        "description": params.get("description"),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "method": params.get("method", "standard"),
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "status": "pending",
        "type": "bank_account",
        "_due": now + DAY,
    }
    payout["balance_transaction"] = move(store, payout, -params["amount"], "payout")["id"]
    return store.insert(payout, "payout.created")


@happening("payout")
def arrive(store: Store, payout: Document) -> None:
    payout["status"] = "paid"
    store.save(payout, "payout.paid", always=True)


ENDPOINTS = [
    Endpoint("GET", "/v1/balance", "BalanceRetrieveParams", read_balance),
    Endpoint("GET", "/v1/balance_transactions", "BalanceTransactionListParams", listing(KIND)),
    Endpoint(
        "GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams", reading(KIND)
    ),
    Endpoint("POST", "/v1/payouts", "PayoutCreateParams", pay_out),
    Endpoint("GET", "/v1/payouts", "PayoutListParams", listing("payout")),
    Endpoint("GET", "/v1/payouts/{id}", "PayoutRetrieveParams", reading("payout")),
]
