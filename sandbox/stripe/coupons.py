"""Coupons, and the discounts they become. https://docs.stripe.com/api/coupons."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers, periods
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import changing, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

EVERYTHING = 100


def create(call: Call) -> Document:
    params, store = call.params, call.store
    _check(params)
    if params.get("id"):
        store.require_unused(params["id"], "coupon")
    coupon = {
        "id": params.get("id") or identifiers.random_text(8),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": store.now(),
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
        "_applies_to": params.get("applies_to"),
    }
    return store.insert(coupon, "coupon.created")


def _check(params: dict[str, Any]) -> None:
    if ("percent_off" in params) == ("amount_off" in params):
        raise StripeError("You must provide exactly one of percent_off and amount_off.")
    if "amount_off" in params and "currency" not in params:
        raise required("currency")
    if not 0 < params.get("percent_off", 1) <= EVERYTHING:
        raise StripeError("Invalid percent_off: between 0 and 100", param="percent_off")
    if params.get("duration") == "repeating" and not params.get("duration_in_months"):
        raise required("duration_in_months")


def is_valid(store: Store, coupon: Document) -> bool:
    used_up = coupon["max_redemptions"] and coupon["times_redeemed"] >= coupon["max_redemptions"]
    late = coupon["redeem_by"] and coupon["redeem_by"] <= store.now()
    return not (used_up or late or coupon.get("deleted"))


def redeem(store: Store, wish: dict[str, Any], **about: Any) -> Document:
    """A new discount from a `discounts[]` parameter: coupon, promotion_code or discount.

    `about`: customer, subscription, invoice. Raises what Stripe raises for one that is used up.
    """
    if wish.get("discount"):
        return store.get(wish["discount"], "discount", "discounts")
    promotion = _promotion(store, wish, about.get("customer"))
    coupon_id = promotion["promotion"]["coupon"] if promotion else wish.get("coupon")
    coupon = store.get(str(coupon_id), "coupon", "discounts[0][coupon]")
    if not is_valid(store, coupon):
        raise StripeError("This coupon is not valid.", code="coupon_expired", param="coupon")
    for redeemed in filter(None, (coupon, promotion)):
        redeemed["times_redeemed"] += 1
        redeemed["valid"] = is_valid(store, coupon)
        if redeemed is promotion:
            del redeemed["valid"]
        store.save(redeemed, f"{redeemed['object']}.updated")
    return _start(store, coupon, promotion, about)


def _promotion(store: Store, wish: dict[str, Any], customer: str | None) -> Document | None:
    from sandbox.stripe import promotion_codes

    if not wish.get("promotion_code"):
        return None
    promotion = store.get(wish["promotion_code"], "promotion_code", "discounts[0][promotion_code]")
    promotion_codes.require_usable(store, promotion, customer)
    return promotion


def _start(
    store: Store, coupon: Document, promotion: Document | None, about: dict[str, Any]
) -> Document:
    start = store.now(about.get("customer"))
    months = coupon["duration_in_months"]
    discount = {
        "id": identifiers.new("di"),
        "object": "discount",
        "end": periods.add_months(start, months) if months else None,
        "promotion_code": promotion["id"] if promotion else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        **about,
    }
    return store.insert(discount, "customer.discount.created")


def coupon_of(store: Store, discount: Document) -> Document:
    """Also a coupon that was deleted since: who has it keeps it."""
    found = store.find(discount["source"]["coupon"])
    if found is None:
        raise StripeError("The coupon of this discount is gone.", status=500)
    return found


def is_running(discount: Document, now: int) -> bool:
    return discount["end"] is None or discount["end"] > now


def ended(store: Store, discount: Document) -> Document:
    discount["end"] = discount["end"] or store.now(discount)
    return store.delete(discount, "customer.discount.deleted")


def delete(call: Call) -> Document:
    return call.store.delete(call.store.get(call.id, "coupon"), "coupon.deleted")


ENDPOINTS = [
    Endpoint("POST", "/v1/coupons", "CouponCreateParams", create),
    Endpoint("GET", "/v1/coupons", "CouponListParams", listing("coupon")),
    Endpoint("GET", "/v1/coupons/{id}", "CouponRetrieveParams", reading("coupon")),
    Endpoint(
        "POST",
        "/v1/coupons/{id}",
        "CouponUpdateParams",
        changing("coupon", "coupon.updated", "name"),
    ),
    Endpoint("DELETE", "/v1/coupons/{id}", "CouponDeleteParams", delete),
]
