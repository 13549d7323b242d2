"""`{{ invoice.total|money:invoice.currency }}`: minor units as people read them."""

from __future__ import annotations

from django import template

from apps.payments.money import text

register = template.Library()


@register.filter
def money(amount: int | None, currency: str = "eur") -> str:
    """Nothing where there is no amount."""
    return "" if amount is None else text(amount, currency)
