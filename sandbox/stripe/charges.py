"""Charges: one attempt to take money each. https://docs.stripe.com/api/charges."""

from __future__ import annotations

from sandbox.stripe import balance, cards, identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import changing, reading
from sandbox.stripe.endpoint import Endpoint
from sandbox.stripe.listing import listing, searching
from sandbox.stripe.store import Store

APPROVED = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "risk_score": 7,
    "seller_message": "Payment complete.",
    "type": "authorized",
}


def attempt(store: Store, intent: Document, method: Document, status: str) -> Document:
    """A charge of a whole intent; `status`: succeeded, pending or failed."""
    now = store.now(intent)
    failed = status == "failed"
    charge = {
        "id": identifiers.new("ch" if method["type"] == "card" else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "TOOLBOXAI",
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": dict(APPROVED),
        "paid": not failed,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, intent),
        "receipt_email": intent["receipt_email"],
        "receipt_url": f"{store.address}/receipts/{intent['id']}",
        "refunded": False,
        "status": status,
    }
    if failed:
        _note_decline(charge, method)
    return store.insert(charge)


def _note_decline(charge: Document, method: Document) -> None:
    from sandbox.stripe import payment_methods

    code, reason = payment_methods.outcome_of(method).decline or ("authentication_required", None)
    message = cards.MESSAGES.get(reason or code) or cards.MESSAGES[code]
    charge |= {"failure_code": code, "failure_message": message}
    charge["outcome"] |= {
        "network_decline_code": "01",
        "network_status": "declined_by_network",
        "reason": reason or code,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _details(method: Document, intent: Document) -> Document:
    kind = method["type"]
    if kind == "sepa_debit":
        about = {name: value for name, value in method[kind].items() if name != "generated_from"}
        return {"type": kind, kind: {**about, "mandate": intent.get("_mandate")}}
    if kind == "customer_balance":
        return {"type": kind, kind: {}}
    held = method["card"]
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding")
    passed = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "exemption_indicator_applied": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": identifiers.random_text(32),
        "version": "2.2.0",
    }
    card = {name: held[name] for name in same} | {
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": held["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": held["brand"],
        "network_token": {"used": False},
        "network_transaction_id": identifiers.random_text(15, "0123456789"),
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": passed if intent.get("_authenticated") else None,
        "wallet": None,
    }
    return {"type": kind, "card": card}


def capture(store: Store, charge: Document, amount: int | None = None) -> Document:
    """Take the money, or less of it; the rest is given back to the card at once."""
    amount = charge["amount"] if amount is None else amount
    method = charge["payment_method_details"]["type"]
    transaction = balance.move(
        store,
        charge,
        amount,
        "charge" if method == "card" else "payment",
        fee=balance.fee_of(method, amount),
        description=charge["description"],
        available_after=balance.AVAILABLE_AFTER[method],
        reporting_category="charge",
    )
    charge |= {
        "amount_captured": amount,
        "balance_transaction": transaction["id"],
        "captured": True,
        "paid": True,
        "status": "succeeded",
    }
    return store.save(charge)


def of_intent(store: Store, intent: Document) -> list[Document]:
    return store.select("charge", payment_intent=intent["id"])


ENDPOINTS = [
    Endpoint("GET", "/v1/charges", "ChargeListParams", listing("charge")),
    Endpoint("GET", "/v1/charges/search", "ChargeSearchParams", searching("charge")),
    Endpoint("GET", "/v1/charges/{id}", "ChargeRetrieveParams", reading("charge")),
    Endpoint(
        "POST",
        "/v1/charges/{id}",
        "ChargeUpdateParams",
        changing("charge", "charge.updated", "description", "receipt_email", "fraud_details"),
    ),
]
