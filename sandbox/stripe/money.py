"""Integers in minor units. Rounded once, half away from zero, at the end of a sum."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Document = dict[str, Any]


def of_decimal(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def decimal_text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")


def share(amount: int, part: int, whole: int) -> int:
    """`amount` times part/whole."""
    return of_decimal(Decimal(amount) * part / whole) if whole else 0


def percent(amount: int, percentage: float) -> int:
    return of_decimal(Decimal(amount) * Decimal(str(percentage)) / 100)


def spread(amount: int, weights: list[int]) -> list[int]:
    """Parts of `amount` in proportion to `weights`, that add up to it exactly."""
    total, parts, given, seen = sum(weights), [], 0, 0
    for weight in weights:
        seen += weight
        upto = share(amount, seen, total)
        parts.append(upto - given)
        given = upto
    return parts


def amount_of(price: Document, quantity: int) -> int:
    """What a quantity costs for one period. https://docs.stripe.com/billing/.../tiers."""
    quantity = _transformed(price, quantity)
    if price["billing_scheme"] == "per_unit":
        return of_decimal(Decimal(price["unit_amount_decimal"]) * quantity)
    if price["tiers_mode"] == "volume":
        return of_decimal(_volume(price["_tiers"], quantity))
    return of_decimal(_graduated(price["_tiers"], quantity))


def _transformed(price: Document, quantity: int) -> int:
    rule = price["transform_quantity"]
    if not rule:
        return quantity
    whole, rest = divmod(quantity, int(rule["divide_by"]))
    return whole + (1 if rest and rule["round"] == "up" else 0)


def _volume(tiers: list[Document], quantity: int) -> Decimal:
    tier = next(one for one in tiers if one["up_to"] is None or quantity <= one["up_to"])
    return _tier_amount(tier, quantity)


def _graduated(tiers: list[Document], quantity: int) -> Decimal:
    total, below = Decimal(0), 0
    for place, tier in enumerate(tiers):
        within = quantity - below if tier["up_to"] is None else min(quantity, tier["up_to"]) - below
        if within <= 0 and place:
            break
        total += _tier_amount(tier, max(within, 0))
        below = tier["up_to"] or quantity
    return total


def _tier_amount(tier: Document, quantity: int) -> Decimal:
    unit, flat = tier["unit_amount_decimal"] or 0, tier["flat_amount_decimal"] or 0
    return Decimal(unit) * quantity + Decimal(flat)
