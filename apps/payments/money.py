"""Amounts as pages write them, which are in English. Mails have `core.money.Money`."""

from __future__ import annotations

from typing import Final

from apps.core.money import decimal

MINUS: Final = "\N{MINUS SIGN}"
SIGNS: Final = {"eur": "€", "usd": "$", "gbp": "£"}


def text(amount: int, currency: str = "eur") -> str:
    """`€29.00`, `CHF 1,290.50`; below zero with a minus sign, as type has it."""
    sign = SIGNS.get(currency) or f"{currency.upper()} "
    return f"{MINUS if amount < 0 else ''}{sign}{abs(decimal(amount, currency)):,}"
