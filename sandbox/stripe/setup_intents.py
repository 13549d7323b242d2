"""SetupIntents: a payment method is kept for later. https://docs.stripe.com/api/setup_intents."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import cards, identifiers, mandates, payment_methods
from sandbox.stripe.answers import Document, public
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import CARD_ERROR, StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

KIND = "setup_intent"
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def add(store: Store, wish: dict[str, Any]) -> Document:
    intent_id = identifiers.new("seti")
    types = wish.get("payment_method_types")
    intent = {
        "id": intent_id,
        "object": KIND,
        "automatic_payment_methods": None if types else {"enabled": True},
        "client_secret": f"{intent_id}_secret_{identifiers.random_text(25)}",
        "created": store.now(wish.get("customer")),
        "customer": wish.get("customer"),
        "description": wish.get("description"),
        "livemode": False,
        "metadata": merged(None, wish.get("metadata")),
        "payment_method": None,
        "payment_method_options": wish.get("payment_method_options") or {},
        "payment_method_types": types or ["card", "sepa_debit"],
        "status": "requires_payment_method",
        "usage": wish.get("usage", "off_session"),
    }
    _choose(store, intent, wish)
    return store.insert(intent, "setup_intent.created")


def _choose(store: Store, intent: Document, wish: dict[str, Any]) -> None:
    if wish.get("payment_method"):
        method = payment_methods.resolve(store, wish["payment_method"])
    elif wish.get("payment_method_data"):
        method = payment_methods.make(store, wish["payment_method_data"])
    else:
        return
    intent |= {"payment_method": method["id"], "status": "requires_confirmation"}


def confirm_intent(store: Store, intent: Document) -> Document:
    """Succeeds, asks for authentication, or is refused (in `last_setup_error`)."""
    if not intent["payment_method"]:
        raise StripeError(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            code="setup_intent_unexpected_state",
        )
    method = store.get(intent["payment_method"], "payment_method")
    outcome = payment_methods.outcome_of(method)
    if outcome.decline and outcome.refuses_attachment:
        return _refuse(store, intent, method, *outcome.decline)
    if outcome.authentication in ("always", "setup") and not method.get("_set_up"):
        url = f"{store.address}/3ds/{intent['id']}"
        back = {"return_url": intent.get("_return_url"), "url": url}
        intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": back}
        intent["status"] = "requires_action"
        return store.save(intent, "setup_intent.requires_action", always=True)
    return _succeed(store, intent, method)


def authenticate(store: Store, intent: Document, *, passed: bool) -> Document:
    method = store.get(intent["payment_method"], "payment_method")
    intent["next_action"] = None
    if passed:
        return _succeed(store, intent, method)
    return _refuse(store, intent, method, "payment_intent_authentication_failure", None)


def _succeed(store: Store, intent: Document, method: Document) -> Document:
    method["_set_up"] = True
    store.save(method)
    if intent["customer"]:
        payment_methods.attach_to(store, method["id"], intent["customer"])
    if method["type"] == "sepa_debit":
        intent["mandate"] = mandates.of_method(store, method)
    intent |= {"last_setup_error": None, "status": "succeeded"}
    return store.save(intent, "setup_intent.succeeded", always=True)


def _refuse(
    store: Store, intent: Document, method: Document, code: str, reason: str | None
) -> Document:
    error = {
        "code": code,
        "decline_code": reason,
        "message": cards.MESSAGES.get(reason or code) or cards.MESSAGES[code],
        "payment_method": public(method),
        "type": "card_error",
    }
    intent["last_setup_error"] = {key: one for key, one in error.items() if one is not None}
    intent |= {"payment_method": None, "status": "requires_payment_method"}
    return store.save(intent, "setup_intent.setup_failed", always=True)


def _answer(intent: Document) -> Document:
    error = intent["last_setup_error"]
    if error and intent["status"] == "requires_payment_method":
        raise StripeError(
            error["message"],
            status=CARD_ERROR,
            kind="card_error",
            code=error["code"],
            keeps=True,
            setup_intent=public(intent),
            decline_code=error.get("decline_code"),
        )
    return intent


def create(call: Call) -> Document:
    if call.params.get("customer"):
        call.store.get(call.params["customer"], "customer", "customer")
    intent = add(call.store, call.params)
    intent["_return_url"] = call.params.get("return_url")
    if call.params.get("confirm"):
        return _answer(confirm_intent(call.store, intent))
    return call.store.save(intent)


def _open(call: Call) -> Document:
    intent = call.store.get(call.id, KIND)
    if intent["status"] not in OPEN:
        text = f"This SetupIntent has a status of {intent['status']}."
        raise StripeError(text, code="setup_intent_unexpected_state")
    return intent


def update(call: Call) -> Document:
    intent = _open(call)
    assign(intent, call.params, "customer", "description", "payment_method_types")
    _choose(call.store, intent, call.params)
    return call.store.save(intent)


def confirm(call: Call) -> Document:
    intent = _open(call)
    _choose(call.store, intent, call.params)
    intent["_return_url"] = call.params.get("return_url")
    return _answer(confirm_intent(call.store, intent))


def cancel(call: Call) -> Document:
    intent = _open(call)
    intent |= {
        "cancellation_reason": call.params.get("cancellation_reason"),
        "next_action": None,
        "status": "canceled",
    }
    return call.store.save(intent, "setup_intent.canceled", always=True)


ENDPOINTS = [
    Endpoint("POST", "/v1/setup_intents", "SetupIntentCreateParams", create),
    Endpoint("GET", "/v1/setup_intents", "SetupIntentListParams", listing(KIND)),
    Endpoint("GET", "/v1/setup_intents/{id}", "SetupIntentRetrieveParams", reading(KIND)),
    Endpoint("POST", "/v1/setup_intents/{id}", "SetupIntentUpdateParams", update),
    Endpoint("POST", "/v1/setup_intents/{id}/confirm", "SetupIntentConfirmParams", confirm),
    Endpoint("POST", "/v1/setup_intents/{id}/cancel", "SetupIntentCancelParams", cancel),
]
