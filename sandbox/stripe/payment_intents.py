"""PaymentIntents: what is to be paid, until it is. https://docs.stripe.com/api/payment_intents."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import confirmations, identifiers, payment_methods
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, searching
from sandbox.stripe.store import Store

KIND = "payment_intent"
LEAST = 50
PLAIN = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")


def add(store: Store, wish: dict[str, Any]) -> Document:
    """From the parameters of a creation; not confirmed. Raises `amount_too_small`."""
    if wish["amount"] < LEAST:
        raise StripeError(
            "Amount must be at least €0.50 eur", code="amount_too_small", param="amount"
        )
    if wish.get("customer"):
        store.get(wish["customer"], "customer", "customer")
    intent_id = identifiers.new("pi")
    types = wish.get("payment_method_types")
    intent = {
        "id": intent_id,
        "object": KIND,
        "amount": wish["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None if types else {"enabled": True},
        "capture_method": wish.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{identifiers.random_text(25)}",
        "confirmation_method": wish.get("confirmation_method", "automatic"),
        "created": store.now(wish.get("customer")),
        "currency": wish["currency"].lower(),
        "customer": wish.get("customer"),
        "livemode": False,
        "metadata": merged(None, wish.get("metadata")),
        "payment_method": None,
        "payment_method_options": wish.get("payment_method_options") or {},
        "payment_method_types": types or ["card", "sepa_debit", "customer_balance"],
        "setup_future_usage": wish.get("setup_future_usage"),
        "status": "requires_payment_method",
        "_invoice": wish.get("invoice"),
        "_off_session": False,
    }
    assign(intent, {name: wish[name] for name in PLAIN if name in wish}, *PLAIN)
    choose_method(store, intent, wish)
    return store.insert(intent, "payment_intent.created")


def choose_method(store: Store, intent: Document, wish: dict[str, Any]) -> None:
    """The payment method that is named or described, if any."""
    method = None
    if wish.get("payment_method"):
        method = payment_methods.resolve(store, wish["payment_method"])
    elif wish.get("payment_method_data"):
        method = payment_methods.make(store, wish["payment_method_data"])
    if method is None:
        return
    if method["customer"] not in (None, intent["customer"]):
        raise StripeError(
            "The payment method supplied belongs to another customer than this intent.",
            code="payment_method_unexpected_state",
        )
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


def create(call: Call) -> Document:
    intent = add(call.store, call.params)
    if not call.params.get("confirm"):
        return intent
    return _confirm(call, intent)


def _confirm(call: Call, intent: Document) -> Document:
    off_session = bool(call.params.get("off_session"))
    intent["_return_url"] = call.params.get("return_url")
    confirmed = confirmations.confirm(call.store, intent, off_session=off_session)
    confirmations.raise_decline(confirmed)
    return confirmed


def _open(call: Call, *statuses: str) -> Document:
    intent = call.store.get(call.id, KIND)
    if intent["status"] not in (statuses or OPEN):
        raise unexpected_state(intent)
    return intent


def unexpected_state(intent: Document) -> StripeError:
    return StripeError(
        f"You cannot do this with a PaymentIntent that has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent={"id": intent["id"], "object": KIND, "status": intent["status"]},
    )


def update(call: Call) -> Document:
    intent = _open(call)
    assign(intent, call.params, *PLAIN, "amount", "customer", "setup_future_usage")
    choose_method(call.store, intent, call.params)
    return call.store.save(intent)


def confirm(call: Call) -> Document:
    intent = _open(call, *OPEN[:3])
    choose_method(call.store, intent, call.params)
    return _confirm(call, intent)


def cancel(call: Call) -> Document:
    return cancel_intent(call.store, _open(call), call.params.get("cancellation_reason"))


def cancel_intent(store: Store, intent: Document, reason: str | None) -> Document:
    intent |= {
        "canceled_at": store.now(intent),
        "cancellation_reason": reason,
        "next_action": None,
        "status": "canceled",
        "_due": None,
    }
    return store.save(intent, "payment_intent.canceled", always=True)


def capture(call: Call) -> Document:
    intent = _open(call, "requires_capture")
    amount: int = call.params.get("amount_to_capture") or intent["amount"]
    if not 0 < amount <= intent["amount"]:
        raise StripeError("Invalid amount_to_capture.", code="amount_too_large")
    return confirmations.take(call.store, intent, amount)


ENDPOINTS = [
    Endpoint("POST", "/v1/payment_intents", "PaymentIntentCreateParams", create),
    Endpoint("GET", "/v1/payment_intents", "PaymentIntentListParams", listing(KIND)),
    Endpoint("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams", searching(KIND)),
    Endpoint("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", reading(KIND)),
    Endpoint("POST", "/v1/payment_intents/{id}", "PaymentIntentUpdateParams", update),
    Endpoint("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams", confirm),
    Endpoint("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", cancel),
    Endpoint("POST", "/v1/payment_intents/{id}/capture", "PaymentIntentCaptureParams", capture),
]
