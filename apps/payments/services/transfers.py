"""The bank account that a customer's transfers go to: each customer has their own at Stripe.

https://docs.stripe.com/payments/bank-transfers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from apps.payments import stripe_api
from apps.payments.models import Account

# Where Stripe has accounts in euros for customers.
COUNTRIES: Final = ("BE", "DE", "ES", "FR", "IE", "NL")
ELSE: Final = "IE"


@dataclass(frozen=True)
class BankDetails:
    holder: str
    iban: str
    bic: str
    country: str


def details(account: Account) -> BankDetails | None:
    """None where Stripe names no account. Raises `StripeError`."""
    if not account.customer_id:
        return None
    country = settings.SELLER["country"]
    about = {"country": country if country in COUNTRIES else ELSE}
    wish = {
        "currency": account.currency,
        "funding_type": "bank_transfer",
        "bank_transfer": {"type": "eu_bank_transfer", "eu_bank_transfer": about},
    }
    customer = str(account.customer_id)
    found = stripe_api.call(lambda api: api.customers.funding_instructions.create(customer, wish))
    return _first(found["bank_transfer"]["financial_addresses"])


def _first(addresses: list[dict[str, Any]]) -> BankDetails | None:
    for one in addresses:
        iban = one.get("iban")
        if iban:
            holder = iban["account_holder_name"]
            return BankDetails(holder, iban["iban"], iban["bic"], iban["country"])
    return None
