"""What a subscription is for: plan, interval, seats and what recurs, from its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from apps.payments import catalogue
from apps.usage.plans import FREE

Object = Mapping[str, Any]
LASTING = "forever"


@dataclass(frozen=True)
class Terms:
    """`amount`: minor units that recur each interval, as `models.Subscription` has it."""

    plan: str
    interval: str
    seats: int
    amount: int


def of(subscription: Object) -> Terms:
    """What a subscription of ours is for; the free plan where none of its prices is ours."""
    items = subscription["items"]["data"]
    amount = sum(
        (item["price"]["unit_amount"] or 0) * (item.get("quantity") or 0)
        for item in items
        if item["price"]["recurring"]["usage_type"] == "licensed"
    )
    amount = max(0, amount - _discount(subscription, amount))
    try:
        chosen = catalogue.from_items(items)
    except catalogue.UnknownItems:
        return Terms(FREE.slug, items[0]["price"]["recurring"]["interval"], 0, amount)
    return Terms(*chosen, amount)


def _discount(subscription: Object, amount: int) -> int:
    off = Decimal(0)
    for one in subscription.get("discounts") or ():
        coupon = ((one.get("source") or {}).get("coupon") or {}) if isinstance(one, Mapping) else {}
        if not isinstance(coupon, Mapping) or coupon.get("duration") != LASTING:
            continue
        off += coupon.get("amount_off") or 0
        off += Decimal(amount) * Decimal(str(coupon.get("percent_off") or 0)) / 100
    return int(off.quantize(Decimal(1), ROUND_HALF_UP))
