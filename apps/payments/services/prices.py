"""Which objects at Stripe are those of the catalogue. They are asked for at each use, which is
seldom, so that a price that `billing sync` has just replaced is never charged.
"""

from __future__ import annotations

from typing import Any

from apps.payments import catalogue, stripe_api
from apps.payments.catalogue import MARK, Coupon, Interval
from apps.payments.errors import NotForSale, StripeObjectMissing
from apps.payments.taxes import Tax

ASKED_AT_ONCE = 10


def items(plan: str, interval: Interval, seats: int = 0) -> list[dict[str, Any]]:
    """`catalogue.items` as Stripe takes them: `price` and, where not metered, `quantity`. Raises
    `NotForSale`, `StripeError`.
    """
    wanted = catalogue.items(plan, interval, seats)
    known = ids([item.key for item in wanted])
    return [
        {"price": known[item.key]}
        if item.quantity is None
        else {"price": known[item.key], "quantity": item.quantity}
        for item in wanted
    ]


def ids(keys: list[str]) -> dict[str, str]:
    """By lookup key the id of the price it is now, at most ten. Raises `NotForSale` unless all of
    them are there, `StripeError`.
    """
    found = stripe_api.pages("prices", lookup_keys=keys[:ASKED_AT_ONCE], active=True)
    known = {str(one["lookup_key"]): str(one["id"]) for one in found}
    if missing := sorted(set(keys) - set(known)):
        raise NotForSale(f"Stripe has no price {', '.join(missing)}.")
    return known


def tax_rate(tax: Tax) -> str:
    """The id of a rate at Stripe. Raises `NotForSale`, `StripeError`."""
    for one in stripe_api.pages("tax_rates", active=True):
        if one["metadata"].get(MARK) == tax.key:
            return str(one["id"])
    raise NotForSale(f"Stripe has no tax rate {tax.key}.")


def coupon(declared: Coupon) -> str:
    """The id of a coupon of the catalogue's. Raises `NotForSale`, `StripeError`."""
    try:
        found = stripe_api.retrieve("coupon", declared.id)
    except StripeObjectMissing:
        found = {"deleted": True}
    if found.get("deleted"):
        raise NotForSale(f"Stripe has no coupon {declared.id}.")
    return declared.id


def portal() -> str:
    """The id of the configuration of Stripe's own pages. Raises `NotForSale`, `StripeError`."""
    for one in stripe_api.pages("billing_portal/configurations", active=True):
        if one["metadata"].get(MARK):
            return str(one["id"])
    raise NotForSale("Stripe has no configuration of its pages.")
