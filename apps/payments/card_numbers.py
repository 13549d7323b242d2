"""No field of ours takes a card number: those are typed on Stripe's pages only (ADR 31)."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from apps.core import card_numbers


def refuse_card_number(text: str) -> None:
    """A validator for whatever people write freely about a payment."""
    if any(card_numbers.find(text)):
        raise ValidationError(
            "This looks like a card number. Leave it out: cards are entered on Stripe's page only.",
            code="card_number",
        )
