"""What the button on a Checkout page does: customer, payment method, and what was bought."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import (
    collection,
    confirmations,
    coupons,
    customers,
    payment_intents,
    payment_methods,
    setup_intents,
    subscriptions,
    tax_ids,
)
from sandbox.stripe.answers import Document
from sandbox.stripe.checkout_totals import subscription_wish
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store


def submit(store: Store, session: Document, about: dict[str, Any]) -> Document:
    """Pay. `about`: email, name, address, tax_id, payment_method (parameters of a creation).

    Afterwards the session is complete, or has `_waits_for`: an intent to be authenticated.
    Raises `StripeError` with what to tell the customer.
    """
    if session["status"] != "open":
        raise StripeError("This page has expired.")
    if session.get("_waits_for"):
        _let_go(store, session)
    customer = _customer(store, session, about)
    session["customer"] = customer["id"]
    session["customer_details"] = _details(store, customer)
    method = _method(store, session, about)
    store.save(session)
    buy = {"payment": _pay, "setup": _set_up, "subscription": _subscribe}
    intent = buy[session["mode"]](store, session, method)
    if intent and intent["status"] == "requires_action" and not _is_transfer(intent):
        session["_waits_for"] = intent["id"]
        return store.save(session)
    return finish(store, session, intent)


def _is_transfer(intent: Document) -> bool:
    return bool((intent["next_action"] or {}).get("display_bank_transfer_instructions"))


def _customer(store: Store, session: Document, about: dict[str, Any]) -> Document:
    if session["customer"]:
        customer = store.get(session["customer"], "customer")
        if about.get("address"):
            customer["address"] = customer["address"] or about["address"]
            store.save(customer, "customer.updated")
    else:
        about = about | {"email": session["customer_email"] or about.get("email")}
        if not about["email"]:
            raise StripeError("Enter your e-mail address.", param="email")
        customer = customers.with_name(store, about)
    if about.get("tax_id"):
        tax_ids.add(store, customer, {"type": "eu_vat", "value": about["tax_id"]})
    return customer


def _details(store: Store, customer: Document) -> Document:
    found = tax_ids.of_customer(store, customer["id"])
    return {
        "address": customer["address"],
        "business_name": customer["business_name"],
        "email": customer["email"],
        "individual_name": customer["individual_name"],
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": [{"type": one["type"], "value": one["value"]} for one in found],
    }


def _method(store: Store, session: Document, about: dict[str, Any]) -> Document | None:
    """None where nothing is to be paid now, and none is wanted."""
    free = session["amount_total"] == 0 and session["payment_method_collection"] == "if_required"
    if free and session["mode"] != "setup":
        return None
    return payment_methods.make(store, about["payment_method"])


def _pay(store: Store, session: Document, method: Document | None) -> Document | None:
    about = session["_about"]["payment_intent_data"]
    for wish in session["_discounts"]:
        coupons.redeem(store, wish, customer=session["customer"])
    if method is None or not session["amount_total"]:
        return None
    intent = payment_intents.add(
        store,
        {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "payment_method": method["id"],
            **{name: about[name] for name in KEPT if name in about},
        },
    )
    session["payment_intent"] = session["_intent"] = intent["id"]
    store.save(session)
    return _confirmed(store, intent)


KEPT = ("capture_method", "description", "metadata", "receipt_email", "setup_future_usage")


def _confirmed(store: Store, intent: Document) -> Document:
    confirmed = confirmations.confirm(store, intent)
    _require_success(confirmed, "last_payment_error")
    return confirmed


def _require_success(intent: Document, field: str) -> None:
    if intent[field]:
        raise StripeError(intent[field]["message"], kind="card_error", param="payment_method")


def record_decline(store: Store, session: Document, wish: dict[str, Any]) -> None:
    """A refused card leaves nothing that was bought, but its try: a failed payment intent and
    charge, with their events.
    """
    if session["mode"] == "setup" or not session["customer"] or not session["amount_total"]:
        return
    try:
        method = payment_methods.make(store, wish)
    except StripeError:
        return  # no card at all: nothing was tried
    about = {
        "amount": session["amount_total"],
        "currency": session["currency"],
        "customer": session["customer"],
        "payment_method": method["id"],
    }
    confirmations.confirm(store, payment_intents.add(store, about))


def _set_up(store: Store, session: Document, method: Document | None) -> Document:
    wish = {"customer": session["customer"], **session["_about"]["setup_intent_data"]}
    wish["payment_method"] = method["id"] if method else None
    intent = setup_intents.add(store, wish)
    session["setup_intent"] = intent["id"]
    store.save(session)
    confirmed = setup_intents.confirm_intent(store, intent)
    _require_success(confirmed, "last_setup_error")
    return confirmed


def _subscribe(store: Store, session: Document, method: Document | None) -> Document | None:
    wish = subscription_wish(session, session["customer"])
    if method:
        payment_methods.attach_to(store, method["id"], session["customer"])
        wish["default_payment_method"] = method["id"]
    subscription = subscriptions.begin(store, wish | {"_free": True})
    invoice = store.get(subscription["latest_invoice"], "invoice")
    intent = collection.intent_of(store, invoice)
    session |= {"invoice": invoice["id"], "subscription": subscription["id"]}
    session["_intent"] = intent["id"] if intent else None
    store.save(session)
    if intent:
        _require_success(intent, "last_payment_error")
    return intent


def finish(store: Store, session: Document, intent: Document | None) -> Document:
    """Bought. A debit or a transfer is still on its way then: `unpaid`."""
    is_paid = intent is None or intent["status"] in ("succeeded", "requires_capture")
    status = "paid" if is_paid else "unpaid"
    if session["mode"] == "setup" or session["amount_total"] == 0:
        status = "no_payment_required"
    session |= {
        "payment_status": status,
        "status": "complete",
        "url": None,
        "_due": None,
        "_waits_for": None,
    }
    return store.save(session, "checkout.session.completed", always=True)


def go_on(store: Store, session: Document) -> Document:
    """Back from the bank's page."""
    intent = store.find(session.get("_waits_for") or "")
    if intent is None or session["status"] != "open":
        return session
    if intent["status"] in ("succeeded", "processing", "requires_capture"):
        return finish(store, session, intent)
    if intent["status"] == "requires_action":
        return session | {"_waits_for": None}  # the page again, for another card say
    _let_go(store, session)
    error = intent.get("last_payment_error") or intent.get("last_setup_error") or {}
    session["_problem"] = error.get("message", "The payment was not authenticated.")
    return store.save(session)


def _let_go(store: Store, session: Document) -> None:
    """A try that was left at the bank's page, or failed there, leaves nothing to be paid."""
    subscription = store.find(session["subscription"] or "")
    if subscription and subscription["status"] == "incomplete":
        subscriptions.expire(store, subscription)
    session |= {
        "invoice": None,
        "subscription": None,
        "payment_intent": None,
        "_intent": None,
        "_waits_for": None,
    }
