"""Prices: once, by period, by use, in tiers. https://docs.stripe.com/api/prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.listing import listing, searching
from sandbox.stripe.money import decimal_text, of_decimal
from sandbox.stripe.store import Store


def add(store: Store, wish: dict[str, Any]) -> Document:
    """A price from the parameters of a creation, or of `price_data` with a product."""
    product = _product(store, wish)
    recurring = wish.get("recurring")
    price = {
        "id": identifiers.new("price"),
        "object": "price",
        "active": wish.get("active", True),
        "billing_scheme": wish.get("billing_scheme", "per_unit"),
        "created": store.now(),
        "currency": wish["currency"].lower(),
        "livemode": False,
        "lookup_key": _lookup_key(store, wish),
        "metadata": wish.get("metadata") or {},
        "nickname": wish.get("nickname"),
        "product": product,
        "recurring": _recurring(store, recurring) if recurring else None,
        "tax_behavior": wish.get("tax_behavior", "unspecified"),
        "tiers_mode": wish.get("tiers_mode"),
        "transform_quantity": wish.get("transform_quantity"),
        "type": "recurring" if recurring else "one_time",
        "_tiers": None,
        **_amounts(wish),
    }
    if price["billing_scheme"] == "tiered":
        price |= {"_tiers": _tiers(wish), "unit_amount": None, "unit_amount_decimal": None}
    return store.insert(price, "price.created")


def _product(store: Store, wish: dict[str, Any]) -> str:
    if "product_data" in wish:
        about = wish["product_data"]
        product = {
            "id": identifiers.new("prod", 14),
            "object": "product",
            "active": True,
            "created": store.now(),
            "description": about.get("description"),
            "images": about.get("images", []),
            "livemode": False,
            "marketing_features": [],
            "metadata": about.get("metadata", {}),
            "name": about["name"],
            "type": "service",
            "updated": store.now(),
        }
        return str(store.insert(product, "product.created")["id"])
    if not wish.get("product"):
        raise required("product")
    return str(store.get(wish["product"], "product", "product")["id"])


def _amounts(wish: dict[str, Any]) -> Document:
    if wish.get("billing_scheme") == "tiered":
        return {}
    if "unit_amount" not in wish and "unit_amount_decimal" not in wish:
        raise required("unit_amount")
    exact = Decimal(wish.get("unit_amount_decimal", wish.get("unit_amount", 0)))
    if exact < 0:
        raise StripeError("Invalid non-negative integer", param="unit_amount")
    whole = int(exact) if exact == exact.to_integral_value() else None
    return {"unit_amount": whole, "unit_amount_decimal": decimal_text(exact)}


def _recurring(store: Store, wish: dict[str, Any]) -> Document:
    usage = wish.get("usage_type", "licensed")
    if usage == "metered" and not wish.get("meter"):
        raise required("recurring[meter]")
    if wish.get("meter"):
        store.get(wish["meter"], "billing.meter", "recurring[meter]")
    return {
        "interval": wish["interval"],
        "interval_count": wish.get("interval_count", 1),
        "meter": wish.get("meter"),
        "trial_period_days": wish.get("trial_period_days"),
        "usage_type": usage,
    }


def _tiers(wish: dict[str, Any]) -> list[Document]:
    if not wish.get("tiers_mode"):
        raise required("tiers_mode")
    tiers = [_tier(one) for one in wish.get("tiers", [])]
    bounds = [one["up_to"] for one in tiers]
    if not bounds or bounds[-1] is not None or None in bounds[:-1]:
        raise StripeError("The last tier, and only it, must have up_to=inf.", param="tiers")
    if bounds[:-1] != sorted(set(bounds[:-1])):
        raise StripeError("Tiers must have growing up_to.", param="tiers")
    return tiers


def _tier(wish: dict[str, Any]) -> Document:
    unit = wish.get("unit_amount_decimal", wish.get("unit_amount"))
    flat = wish.get("flat_amount_decimal", wish.get("flat_amount"))
    return {
        "flat_amount": None if flat is None else of_decimal(Decimal(flat)),
        "flat_amount_decimal": None if flat is None else decimal_text(Decimal(flat)),
        "unit_amount": None if unit is None else of_decimal(Decimal(unit)),
        "unit_amount_decimal": None if unit is None else decimal_text(Decimal(unit)),
        "up_to": None if wish["up_to"] == "inf" else int(wish["up_to"]),
    }


def _lookup_key(store: Store, wish: dict[str, Any]) -> str | None:
    key = wish.get("lookup_key")
    if not key:
        return None
    for holder in store.select("price", lookup_key=key):
        if not wish.get("transfer_lookup_key"):
            text = f"A price (`{holder['id']}`) already uses that lookup key."
            raise StripeError(text, param="lookup_key")
        holder["lookup_key"] = None
        store.save(holder, "price.updated")
    return str(key)


def create(call: Call) -> Document:
    return add(call.store, call.params)


def update(call: Call) -> Document:
    price = call.store.get(call.id, "price")
    if call.params.get("lookup_key"):
        price["lookup_key"] = _lookup_key(call.store, call.params)
    assign(price, call.params, "active", "nickname", "tax_behavior")
    return call.store.save(price, "price.updated")


def _narrow(call: Call, price: Document) -> bool:
    keys = call.params.get("lookup_keys")
    return keys is None or price["lookup_key"] in keys


def plan_of(price: Document) -> Document:
    """The plan that an item still carries beside its price."""
    recurring = price["recurring"] or {}
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring.get("interval", "month"),
        "interval_count": recurring.get("interval_count", 1),
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring.get("meter"),
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": recurring.get("trial_period_days"),
        "usage_type": recurring.get("usage_type", "licensed"),
    }


ENDPOINTS = [
    Endpoint("POST", "/v1/prices", "PriceCreateParams", create),
    Endpoint("GET", "/v1/prices", "PriceListParams", listing("price", _narrow, "lookup_keys")),
    Endpoint("GET", "/v1/prices/search", "PriceSearchParams", searching("price")),
    Endpoint("GET", "/v1/prices/{id}", "PriceRetrieveParams", reading("price")),
    Endpoint("POST", "/v1/prices/{id}", "PriceUpdateParams", update),
]
