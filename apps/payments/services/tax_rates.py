"""The tax of an account, as a rate at Stripe."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.money import number, present_locale
from apps.payments import taxes
from apps.payments.models import Account
from apps.payments.services import prices


def tax_of(account: Account) -> taxes.Tax:
    return taxes.decide(
        seller=settings.SELLER["country"],
        country=account.country,
        vat_id=account.vat_id,
        verification=account.vat_state,  # type: ignore[arg-type]
    )


def in_words(tax: taxes.Tax) -> str:
    """As a mail in the active language says it: `VAT of 25.5 % (Finland)`."""
    if not tax.percentage:
        return _("no VAT")
    country = present_locale().territories.get(tax.country, tax.country)
    rate = number(tax.percentage)
    return _("VAT of %(rate)s %% (%(country)s)") % {"rate": rate, "country": country}


def ids_of(account: Account) -> list[str]:
    """The parameter `default_tax_rates`. Raises `NotForSale`, `StripeError`."""
    return [prices.tax_rate(tax_of(account))]
