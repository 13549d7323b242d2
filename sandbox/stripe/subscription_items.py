"""Items of subscriptions: a price, how many of it, and the period they are in."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers, periods, prices
from sandbox.stripe.answers import Document, complete
from sandbox.stripe.documents import merged
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.store import Store

MOST = 20


def make(store: Store, subscription_id: str, wish: dict[str, Any], now: int) -> Document:
    price = price_of(store, wish)
    metered = is_metered(price)
    if metered and "quantity" in wish:
        raise StripeError("You cannot set the quantity of a metered item.", param="items")
    item = {
        "id": identifiers.new("si", 14),
        "object": "subscription_item",
        "created": now,
        "current_period_end": now,
        "current_period_start": now,
        "discounts": [],
        "metadata": merged(None, wish.get("metadata")),
        "plan": prices.plan_of(price),
        "price": price,
        "quantity": wish.get("quantity", 1),
        "subscription": subscription_id,
        "tax_rates": [store.get(one, "tax_rate") for one in wish.get("tax_rates") or []],
    }
    if metered:
        del item["quantity"]
    complete(item)
    return item


def price_of(store: Store, wish: dict[str, Any]) -> Document:
    if wish.get("price_data"):
        return prices.add(store, wish["price_data"])
    if not wish.get("price"):
        raise required("items[0][price]")
    price = store.get(wish["price"], "price", "items[0][price]")
    if price["type"] != "recurring":
        raise StripeError(
            f"The price specified is set to `type=one_time` but this field only accepts prices "
            f"with `type=recurring`: {price['id']}.",
            param="items[0][price]",
        )
    if not price["active"]:
        raise StripeError("The price specified is inactive. This field only accepts active prices.")
    return price


def is_metered(price: Document) -> bool:
    return (price["recurring"] or {}).get("usage_type") == "metered"


def require_agreement(items: list[Document]) -> None:
    """One currency, one period."""
    if not items:
        raise required("items")
    if len(items) > MOST:
        raise StripeError(f"A subscription has {MOST} items at most.", param="items")
    if len({item["price"]["currency"] for item in items}) > 1:
        raise StripeError("All prices of a subscription must have one currency.", param="items")
    if len({interval_of(item["price"]) for item in items}) > 1:
        raise StripeError(
            "All prices on a subscription must have the same `recurring.interval` and "
            "`recurring.interval_count`.",
            param="items",
        )
    if len({item["price"]["id"] for item in items}) < len(items):
        raise StripeError("A subscription cannot have one price twice.", param="items")


def interval_of(price: Document) -> tuple[str, int]:
    return price["recurring"]["interval"], price["recurring"]["interval_count"]


def set_period(items: list[Document], start: int, end: int) -> None:
    for item in items:
        item |= {"current_period_start": start, "current_period_end": end}


def end_after(anchor: int, items: list[Document], now: int) -> int:
    """The end of the period that `now` is in, of periods counted from `anchor`."""
    return periods.next_after(anchor, *interval_of(items[0]["price"]), now)
