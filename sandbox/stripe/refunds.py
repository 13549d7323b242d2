"""Refunds, in full and in part. https://docs.stripe.com/api/refunds."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import balance, identifiers, payment_methods
from sandbox.stripe.answers import Document
from sandbox.stripe.clocks import happening
from sandbox.stripe.documents import changing, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, missing, required
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

A_WHILE = 60


def give_back(store: Store, charge: Document, amount: int | None = None, **about: Any) -> Document:
    """`about`: reason, metadata. Raises for more than is left of the charge."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    _check(charge, amount, left)
    refund = {
        "id": identifiers.new("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": store.now(charge),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": merged(None, about.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": about.get("reason"),
        "status": "succeeded",
    }
    if charge["payment_method_details"]["type"] != "card":
        refund["destination_details"] = {"type": "sepa_bank_transfer", "sepa_bank_transfer": {}}
    _plan(store, refund, charge)
    store.insert(refund)
    transaction = balance.move(store, refund, -amount, "refund", description="REFUND FOR CHARGE")
    refund["balance_transaction"] = transaction["id"]
    store.save(refund, "refund.created", always=True)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    store.save(charge, "charge.refunded", always=True)
    return refund


def _check(charge: Document, amount: int, left: int) -> None:
    if left == 0:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if charge["disputed"]:
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if not 0 < amount <= left:
        text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise StripeError(text, param="amount", code="amount_too_large")


def _plan(store: Store, refund: Document, charge: Document) -> None:
    """Some test cards' refunds take a while, or come back."""
    method = store.find(charge["payment_method"])
    later = payment_methods.outcome_of(method).refund if method else ""
    if later:
        refund["_due"] = refund["created"] + A_WHILE
        refund["_becomes"] = "failed" if later == "failed" else "succeeded"
        refund["status"] = "pending" if later == "pending" else "succeeded"


@happening("refund")
def become(store: Store, refund: Document) -> None:
    refund["status"] = refund["_becomes"]
    if refund["status"] == "failed":
        refund["failure_reason"] = "expired_or_canceled_card"
        back = balance.move(store, refund, refund["amount"], "refund_failure")
        refund["failure_balance_transaction"] = back["id"]
        charge = store.get(refund["charge"], "charge")
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        store.save(charge, "charge.updated")
        store.save(refund, "refund.failed", always=True)
        return
    store.save(refund, "refund.updated")


def create(call: Call) -> Document:
    params, store = call.params, call.store
    charge_id = params.get("charge")
    if params.get("payment_intent"):
        intent = store.get(params["payment_intent"], "payment_intent", "payment_intent")
        charge_id = intent["latest_charge"]
        if intent["status"] != "succeeded":
            text = (
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            )
            raise StripeError(text, code="payment_intent_unexpected_state")
    if not charge_id:
        raise required("charge")
    charge = store.find(charge_id)
    if charge is None:
        raise missing("charge", charge_id, "charge")
    about = {name: params.get(name) for name in ("reason", "metadata")}
    return give_back(store, charge, params.get("amount"), **about)


ENDPOINTS = [
    Endpoint("POST", "/v1/refunds", "RefundCreateParams", create),
    Endpoint("GET", "/v1/refunds", "RefundListParams", listing("refund")),
    Endpoint("GET", "/v1/refunds/{id}", "RefundRetrieveParams", reading("refund")),
    Endpoint(
        "POST", "/v1/refunds/{id}", "RefundUpdateParams", changing("refund", "refund.updated")
    ),
]
