"""Amounts in a currency's minor units, as Stripe has them, and as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal
from django.utils import translation

# https://docs.stripe.com/currencies#zero-decimal
WITHOUT_MINOR_UNITS: Final = frozenset({"jpy", "krw", "clp", "vnd", "isk"})


class Money(NamedTuple):
    """So many minor units of a currency (ISO 4217, lower-case). As text it is written as the active
    language does: `€1,290.50`, `1.290,50 €`.
    """

    minor: int
    currency: str

    def __str__(self) -> str:
        amount = decimal(self.minor, self.currency)
        return format_currency(amount, self.currency.upper(), locale=present_locale())


def decimal(amount: int, currency: str) -> Decimal:
    """`2900` of `eur` as `Decimal("29.00")`."""
    return Decimal(amount).scaleb(-_places(currency))


def minor(amount: Decimal, currency: str) -> int:
    """`Decimal("29.00")` of `eur` as `2900`; what is less than a minor unit is left out."""
    return int(amount.scaleb(_places(currency)))


def number(value: Decimal | int) -> str:
    """As the active language writes it: `25.5`, `25,5`."""
    return str(format_decimal(value, locale=present_locale()))


def present_locale() -> Locale:
    """Of the active language; English for one whose numbers nobody has written down."""
    try:
        return Locale.parse(translation.get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _places(currency: str) -> int:
    return 0 if currency in WITHOUT_MINOR_UNITS else 2
