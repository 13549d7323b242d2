"""Why a payment failed, in words for whoever pays.

Codes: https://docs.stripe.com/declines/codes and https://docs.stripe.com/error-codes. What a bank
suspects (a stolen card, fraud) is said as any other refusal, as Stripe asks for.
"""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DECLINED: Final = _("The bank declined the payment.")
WORDS: Final[dict[str, Promise]] = {
    "insufficient_funds": _("There was not enough money on the account."),
    "expired_card": _("The card has expired."),
    "incorrect_number": _("The card's number is wrong."),
    "incorrect_cvc": _("The card's security code is wrong."),
    "authentication_required": _("The bank wants the payment to be confirmed (3-D Secure)."),
    "payment_intent_authentication_failure": _("The bank's confirmation (3-D Secure) failed."),
    "invoice_payment_intent_requires_action": _(
        "The bank wants the payment to be confirmed (3-D Secure)."
    ),
    "missing": _("No means of payment is stored."),
    "processing_error": _("The bank could not be reached."),
    "debit_not_authorized": _("The direct debit was revoked."),
    "bank_account_unusable": _("The bank account cannot be debited."),
}


def in_words(*codes: str) -> str:
    """For the first code that has words of its own, the most exact code first."""
    return str(next((WORDS[code] for code in codes if code in WORDS), DECLINED))
