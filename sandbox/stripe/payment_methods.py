"""Payment methods: cards, SEPA debit, bank transfer. https://docs.stripe.com/api/payment_methods."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sandbox.stripe import cards, identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import address_of, assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import CARD_ERROR, StripeError, required
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

DIGITS = re.compile(r"\D")
IBAN = re.compile(r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$")
ELAPSED_YEAR = 2026
CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def card_error(code: str, reason: str | None = None, **more: Any) -> StripeError:
    """A decline, as it is answered: 402 `card_error`."""
    message = cards.MESSAGES.get(reason or code) or cards.MESSAGES.get(code, "Your card failed.")
    return StripeError(
        message, status=CARD_ERROR, kind="card_error", code=code, decline_code=reason, **more
    )


def make(store: Store, wish: dict[str, Any]) -> Document:
    """A payment method from the parameters of a creation, not yet anybody's."""
    kind = wish.get("type") or "card"
    make_details = {"card": _card, "sepa_debit": _sepa_debit, "customer_balance": _transfer}
    if kind not in make_details:
        raise StripeError(f"Payment methods of type {kind} are not kept here.", param="type")
    method = {
        "id": identifiers.new("pm"),
        "object": "payment_method",
        "allow_redisplay": wish.get("allow_redisplay", "unspecified"),
        "billing_details": _billing_details(wish.get("billing_details") or {}),
        "created": store.now(),
        "livemode": False,
        "metadata": wish.get("metadata") or {},
        "type": kind,
    }
    method |= make_details[kind](wish)
    return store.insert(method)


def _billing_details(given: dict[str, Any]) -> Document:
    about = {name: given.get(name) or None for name in ("email", "name", "phone", "tax_id")}
    empty = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return about | {"address": address_of(given.get("address")) or empty}


def _card(wish: dict[str, Any]) -> Document:
    given = wish.get("card") or {}
    number = DIGITS.sub("", given.get("number", ""))
    found = cards.card_named(given.get("token") or number)
    if found is None:
        if not given:
            raise required("card")
        raise card_error("incorrect_number", param="number")
    year = given.get("exp_year", ELAPSED_YEAR + 8)
    year += 2000 if year < 100 else 0  # noqa: PLR2004 - as typed on a form
    if year < ELAPSED_YEAR or not 1 <= given.get("exp_month", 12) <= 12:  # noqa: PLR2004
        raise card_error("invalid_expiry_year", param="exp_year")
    return {"card": card_details(found, given.get("exp_month", 12), year), "_number": found.number}


def card_details(found: cards.TestCard, month: int, year: int) -> Document:
    return {
        "brand": found.brand,
        "checks": dict(CHECKS),
        "country": found.country,
        "display_brand": found.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": hashlib.sha256(found.number.encode()).hexdigest()[:16],
        "funding": found.funding,
        "generated_from": None,
        "last4": found.number[-4:],
        "networks": {"available": [found.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _sepa_debit(wish: dict[str, Any]) -> Document:
    iban = (wish.get("sepa_debit") or {}).get("iban", "").replace(" ", "").upper()
    if not IBAN.match(iban):
        raise StripeError(
            "The IBAN you entered is invalid.", code="invalid_iban", param="sepa_debit[iban]"
        )
    details = {
        "bank_code": iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": hashlib.sha256(iban.encode()).hexdigest()[:16],
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }
    return {"sepa_debit": details, "_number": iban}


def _transfer(_wish: dict[str, Any]) -> Document:
    return {"customer_balance": {}, "_number": ""}


def outcome_of(method: Document) -> cards.Outcome:
    if method["type"] == "card":
        return cards.CARDS[method["_number"]].outcome
    if method["type"] == "sepa_debit":
        return cards.outcome_of_iban(method["_number"])
    return cards.Outcome()


def resolve(store: Store, method_id: str, param: str = "payment_method") -> Document:
    """A payment method by id; one of Stripe's named ones is made when it is first used."""
    if method_id.startswith(("pm_card_", "tok_")) and cards.card_named(method_id):
        return make(store, {"type": "card", "card": {"token": method_id}})
    return store.get(method_id, "payment_method", param)


def attach_to(store: Store, method_id: str, customer_id: str) -> Document:
    """Raises the decline of a card that a bank refuses even to have saved."""
    method = resolve(store, method_id)
    if method["customer"] == customer_id:
        return method
    if method["customer"]:
        raise StripeError(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_already_attached",
        )
    outcome = outcome_of(method)
    if outcome.refuses_attachment and outcome.decline:
        raise card_error(*outcome.decline)
    method["customer"] = customer_id
    method["created"] = store.now(customer_id)
    return store.save(method, "payment_method.attached", always=True)


def create(call: Call) -> Document:
    if call.params.get("payment_method"):
        given = call.store.get(call.params["payment_method"], "payment_method")
        copied = given | {"id": identifiers.new("pm"), "customer": None}
        return call.store.insert(copied)
    return make(call.store, call.params)


def update(call: Call) -> Document:
    method = call.store.get(call.id, "payment_method")
    assign(method, call.params, "allow_redisplay")
    if "billing_details" in call.params:
        given = _billing_details(call.params["billing_details"] or {})
        method["billing_details"] |= {key: given[key] for key in call.params["billing_details"]}
    method.get("card", {}).update(call.params.get("card", {}))
    return call.store.save(method, "payment_method.updated")


def attach(call: Call) -> Document:
    customer = call.store.get(call.params["customer"], "customer", "customer")
    return attach_to(call.store, call.id, customer["id"])


def detach_from_customer(store: Store, method: Document) -> Document:
    """And from everything that would have charged it."""
    customer = store.find(method["customer"] or "")
    if customer is None:
        raise StripeError(
            "The payment method you provided is not attached to a customer so detachment is "
            "impossible."
        )
    if customer["invoice_settings"]["default_payment_method"] == method["id"]:
        customer["invoice_settings"]["default_payment_method"] = None
        store.save(customer, "customer.updated")
    for subscription in store.select("subscription", default_payment_method=method["id"]):
        subscription["default_payment_method"] = None
        store.save(subscription, "customer.subscription.updated")
    method["customer"] = None
    return store.save(method, "payment_method.detached", always=True)


def detach(call: Call) -> Document:
    return detach_from_customer(call.store, call.store.get(call.id, "payment_method"))


ENDPOINTS = [
    Endpoint("POST", "/v1/payment_methods", "PaymentMethodCreateParams", create),
    Endpoint("GET", "/v1/payment_methods", "PaymentMethodListParams", listing("payment_method")),
    Endpoint(
        "GET", "/v1/payment_methods/{id}", "PaymentMethodRetrieveParams", reading("payment_method")
    ),
    Endpoint("POST", "/v1/payment_methods/{id}", "PaymentMethodUpdateParams", update),
    Endpoint("POST", "/v1/payment_methods/{id}/attach", "PaymentMethodAttachParams", attach),
    Endpoint("POST", "/v1/payment_methods/{id}/detach", "PaymentMethodDetachParams", detach),
]
