"""Promotion codes: what a customer types in. https://docs.stripe.com/api/promotion_codes."""

from __future__ import annotations

import string

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import changing, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

UNAMBIGUOUS = "".join(sorted({*string.ascii_uppercase, *string.digits} - {*"IO01"}))


def create(call: Call) -> Document:
    params, store = call.params, call.store
    coupon = store.get(params["promotion"].get("coupon", ""), "coupon", "promotion[coupon]")
    code = params.get("code") or identifiers.random_text(8, UNAMBIGUOUS)
    if any(one["customer"] == params.get("customer") for one in _active(store, code)):
        raise StripeError(
            "An active promotion code with `code: " + code + "` already exists.", param="code"
        )
    given = params.get("restrictions") or {}
    promotion = {
        "id": identifiers.new("promo"),
        "object": "promotion_code",
        "active": params.get("active", True),
        "code": code,
        "created": store.now(),
        "customer": params.get("customer"),
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": given.get("first_time_transaction", False),
            "minimum_amount": given.get("minimum_amount"),
            "minimum_amount_currency": given.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }
    return store.insert(promotion, "promotion_code.created")


def find(store: Store, code: str, customer: str | None) -> Document | None:
    """The active one of this code: the customer's own, else the one for everybody."""
    found = [one for one in _active(store, code) if one["customer"] in (None, customer)]
    return max(found, key=lambda one: one["customer"] is not None, default=None)


def _active(store: Store, code: str) -> list[Document]:
    """Letters count alike, large or small. Each customer may have one of a code."""
    found = store.select("promotion_code", active=True)
    return [one for one in found if one["code"].lower() == code.strip().lower()]


def require_usable(store: Store, promotion: Document, customer: str | None) -> None:
    used_up = promotion["max_redemptions"] and (
        promotion["times_redeemed"] >= promotion["max_redemptions"]
    )
    late = promotion["expires_at"] and promotion["expires_at"] <= store.now(customer)
    others = promotion["customer"] and promotion["customer"] != customer
    if not promotion["active"] or used_up or late or others:
        raise StripeError(
            "This promotion code cannot be redeemed.", code="promotion_code_invalid",
            param="discounts[0][promotion_code]",
        )  # fmt: skip
    first_only = promotion["restrictions"]["first_time_transaction"]
    if first_only and customer and store.select("invoice", customer=customer, status="paid"):
        raise StripeError(
            "This promotion code cannot be redeemed because the associated customer has prior "
            "transactions.",
            code="promotion_code_customer_not_first_time",
        )


def _narrow(call: Call, promotion: Document) -> bool:
    """Letters count alike in a list, too."""
    code = call.params.get("code")
    return code is None or promotion["code"].lower() == str(code).lower()


ENDPOINTS = [
    Endpoint("POST", "/v1/promotion_codes", "PromotionCodeCreateParams", create),
    Endpoint(
        "GET",
        "/v1/promotion_codes",
        "PromotionCodeListParams",
        listing("promotion_code", _narrow, "code"),
    ),
    Endpoint(
        "GET", "/v1/promotion_codes/{id}", "PromotionCodeRetrieveParams", reading("promotion_code")
    ),
    Endpoint(
        "POST",
        "/v1/promotion_codes/{id}",
        "PromotionCodeUpdateParams",
        changing("promotion_code", "promotion_code.updated", "active"),
    ),
]
