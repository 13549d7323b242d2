"""What comes of confirming a PaymentIntent: paid, refused, to be authenticated, on its way."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import cards, cash_balance, charges, disputes, mandates, payment_methods
from sandbox.stripe.answers import Document, public
from sandbox.stripe.clocks import happening
from sandbox.stripe.errors import CARD_ERROR, StripeError
from sandbox.stripe.store import Store

AT_LEAST_A_MOMENT = 1


def confirm(store: Store, intent: Document, *, off_session: bool = False) -> Document:
    """Never raises a decline: it stands in `last_payment_error` (see `raise_decline`)."""
    if not intent["payment_method"]:
        raise StripeError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = store.get(intent["payment_method"], "payment_method")
    intent |= {"last_payment_error": None, "next_action": None, "_off_session": off_session}
    if method["type"] == "customer_balance":
        return cash_balance.pay_or_ask(store, intent)
    if method["type"] == "sepa_debit":
        return _debit(store, intent, method)
    outcome = payment_methods.outcome_of(method)
    if _must_authenticate(outcome, method, off_session=off_session):
        return _ask(store, intent, method)
    return _charge(store, intent, method)


def _must_authenticate(outcome: cards.Outcome, method: Document, *, off_session: bool) -> bool:
    if outcome.authentication == "setup":
        return not method.get("_set_up")
    return outcome.authentication == "always" or (
        outcome.authentication == "on_session" and not off_session
    )


def _ask(store: Store, intent: Document, method: Document) -> Document:
    """3-D Secure: the customer has to go to a page of the bank's.

    Nobody is there off session: refused, but an invoice waits for who opens its page.
    """
    if intent["_off_session"] and not intent["_invoice"]:
        return _refuse(store, intent, method, ("authentication_required", None))
    url = f"{store.address}/3ds/{intent['id']}"
    if intent.get("_return_url"):
        back = {"return_url": intent["_return_url"], "url": url}
        action: Document = {"type": "redirect_to_url", "redirect_to_url": back}
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": url}}
    intent |= {"next_action": action, "status": "requires_action"}
    store.save(intent, "payment_intent.requires_action", always=True)
    _tell_invoice(store, intent)
    return intent


def authenticate(store: Store, intent: Document, *, passed: bool) -> Document:
    """What the customer did on the bank's page."""
    method = store.get(intent["payment_method"], "payment_method")
    intent["next_action"] = None
    if not passed:
        return _refuse(store, intent, method, ("payment_intent_authentication_failure", None))
    method["_set_up"] = True
    store.save(method)
    intent["_authenticated"] = True
    return _charge(store, intent, method)


def _charge(store: Store, intent: Document, method: Document) -> Document:
    outcome = payment_methods.outcome_of(method)
    if outcome.decline:
        return _refuse(store, intent, method, outcome.decline)
    charge = charges.attempt(store, intent, method, "succeeded")
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        return store.save(intent, "payment_intent.amount_capturable_updated", always=True)
    return take(store, intent, intent["amount"])


def take(store: Store, intent: Document, amount: int) -> Document:
    """The money arrives. The invoice, if it was one's, is told."""
    charge = store.get(intent["latest_charge"], "charge")
    charges.capture(store, charge, amount)
    store.save(charge, "charge.succeeded", always=True)
    intent |= {"amount_capturable": 0, "amount_received": amount, "status": "succeeded"}
    intent |= {"processing": None, "next_action": None, "last_payment_error": None}
    _keep_method(store, intent)
    store.save(intent, "payment_intent.succeeded", always=True)
    _tell_invoice(store, intent)
    method = store.get(intent["payment_method"], "payment_method")
    outcome = payment_methods.outcome_of(method)
    if outcome.dispute:
        disputes.open_for(store, charge, outcome.dispute, warns=outcome.warns)
    return intent


def _keep_method(store: Store, intent: Document) -> None:
    method = store.find(intent["payment_method"])
    if intent["setup_future_usage"] and intent["customer"] and method and not method["customer"]:
        method |= {"customer": intent["customer"], "_set_up": True}
        store.save(method, "payment_method.attached", always=True)


def _refuse(
    store: Store, intent: Document, method: Document, decline: tuple[str, str | None]
) -> Document:
    code, reason = decline
    charge = None
    if code != "payment_intent_authentication_failure":
        charge = charges.attempt(store, intent, method, "failed")
        intent["latest_charge"] = charge["id"]
        store.save(charge, "charge.failed", always=True)
    fail(store, intent, method, code=code, reason=reason, charge=charge)
    return intent


def fail(store: Store, intent: Document, method: Document, **about: Any) -> None:
    """`about`: code, reason, charge."""
    code, reason, charge = about["code"], about["reason"], about["charge"]
    error = {
        "charge": charge["id"] if charge else None,
        "code": code,
        "decline_code": reason,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": cards.MESSAGES.get(reason or code) or cards.MESSAGES[code],
        "payment_method": public(method),
        "type": "card_error",
    }
    intent["last_payment_error"] = {key: one for key, one in error.items() if one is not None}
    intent |= {"payment_method": None, "status": "requires_payment_method", "processing": None}
    store.save(intent, "payment_intent.payment_failed", always=True)
    _tell_invoice(store, intent)


def raise_decline(intent: Document) -> None:
    """Answer as the API does when a confirmation is refused: 402, with all that happened kept."""
    error = intent["last_payment_error"]
    if error:
        about = {name: error[name] for name in ("charge", "decline_code") if name in error}
        raise StripeError(
            error["message"],
            status=CARD_ERROR,
            kind="card_error",
            code=error["code"],
            keeps=True,
            payment_intent=public(intent),
            payment_method=error["payment_method"],
            **about,
        )


def _debit(store: Store, intent: Document, method: Document) -> Document:
    """Sent to the bank, which answers later."""
    outcome = payment_methods.outcome_of(method)
    intent["_mandate"] = mandates.of_method(store, method)
    charge = charges.attempt(store, intent, method, "pending")
    intent |= {
        "latest_charge": charge["id"],
        "processing": {"type": "sepa_debit"},
        "status": "processing",
        "_due": store.now(intent) + max(outcome.settles_after, AT_LEAST_A_MOMENT),
    }
    store.save(charge, "charge.pending", always=True)
    return store.save(intent, "payment_intent.processing", always=True)


@happening("payment_intent")
def settle(store: Store, intent: Document) -> None:
    if intent["status"] != "processing":
        store.save(intent)
        return
    method = store.get(intent["payment_method"], "payment_method")
    decline = payment_methods.outcome_of(method).decline
    if not decline:
        take(store, intent, intent["amount"])
        return
    charge = store.get(intent["latest_charge"], "charge")
    code, reason = decline
    charge |= {"failure_code": code, "failure_message": cards.MESSAGES[code], "paid": False}
    charge["status"] = "failed"
    store.save(charge, "charge.failed", always=True)
    fail(store, intent, method, code=code, reason=reason, charge=charge)


def _tell_invoice(store: Store, intent: Document) -> None:
    from sandbox.stripe import checkout_sessions, collection

    if intent["_invoice"]:
        collection.hear_of(store, intent)
    checkout_sessions.hear_of(store, intent)
