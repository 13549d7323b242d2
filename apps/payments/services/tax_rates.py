"""The tax of an account, as a rate at Stripe."""

from __future__ import annotations

from django.conf import settings

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


def ids_of(account: Account) -> list[str]:
    """The parameter `default_tax_rates`. Raises `NotForSale`, `StripeError`."""
    return [prices.tax_rate(tax_of(account))]
