"""A customer's credit (negative) or debt (positive) towards the next invoices.

https://docs.stripe.com/billing/customer/balance.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import changing, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.listing import page
from sandbox.stripe.store import Store

KIND = "customer_balance_transaction"
BELOW = "/v1/customers/{customer}/balance_transactions"


def adjust(store: Store, customer: Document, amount: int, kind: str, **about: Any) -> Document:
    """Add `amount` to the balance. `about`: currency, description, invoice, credit_note."""
    customer["balance"] += amount
    customer["currency"] = customer["currency"] or about.get("currency") or "eur"
    store.save(customer, "customer.updated")
    return store.insert(
        {
            "id": identifiers.new("cbtxn"),
            "object": KIND,
            "amount": amount,
            "created": store.now(customer),
            "currency": customer["currency"],
            "customer": customer["id"],
            "ending_balance": customer["balance"],
            "livemode": False,
            "metadata": {},
            "type": kind,
            **about,
        }
    )


def create(call: Call) -> Document:
    customer = call.store.get(call.ids["customer"], "customer", "customer")
    about = {name: call.params.get(name) for name in ("currency", "description")}
    about["metadata"] = call.params.get("metadata") or {}
    return adjust(call.store, customer, call.params["amount"], "adjustment", **about)


def list_all(call: Call) -> Document:
    customer = call.store.get(call.ids["customer"], "customer", "customer")
    return page(call, call.store.select(KIND, customer=customer["id"], newest_first=True))


ENDPOINTS = [
    Endpoint("POST", BELOW, "CustomerBalanceTransactionCreateParams", create),
    Endpoint("GET", BELOW, "CustomerBalanceTransactionListParams", list_all),
    Endpoint("GET", f"{BELOW}/{{id}}", "CustomerBalanceTransactionRetrieveParams", reading(KIND)),
    Endpoint(
        "POST",
        f"{BELOW}/{{id}}",
        "CustomerBalanceTransactionUpdateParams",
        changing(KIND, "", "description"),
    ),
]
