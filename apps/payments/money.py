"""Amounts as pages write them, which are in English. Mails have `core.money.Money`."""

from __future__ import annotations

from typing import Final

from apps.core.money import decimal

SIGNS: Final = {"eur": "€", "usd": "$", "gbp": "£"}


def text(amount: int, currency: str = "eur") -> str:
    """`€29.00`, `-€1,290.50`, `CHF 29.00`."""
    sign = SIGNS.get(currency) or f"{currency.upper()} "
    return f"{'-' if amount < 0 else ''}{sign}{abs(decimal(amount, currency)):,}"
