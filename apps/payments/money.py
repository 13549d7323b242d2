"""Amounts as people read them. They are kept in a currency's minor units, as Stripe does."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

# https://docs.stripe.com/currencies#zero-decimal
WITHOUT_MINOR_UNITS: Final = frozenset({"jpy", "krw", "clp", "vnd", "isk"})
SIGNS: Final = {"eur": "€", "usd": "$", "gbp": "£"}


def decimal(amount: int, currency: str) -> Decimal:
    """`2900` of `eur` as `Decimal("29.00")`."""
    places = 0 if currency in WITHOUT_MINOR_UNITS else 2
    return Decimal(amount).scaleb(-places)


def text(amount: int, currency: str = "eur") -> str:
    """`€29.00`, `-€1,290.50`, `CHF 29.00`."""
    sign = SIGNS.get(currency) or f"{currency.upper()} "
    return f"{'-' if amount < 0 else ''}{sign}{abs(decimal(amount, currency)):,}"
