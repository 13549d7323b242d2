"""What is final is issued, with the row or right after it."""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from django.db import transaction
from django.dispatch import receiver

from apps.payments.errors import StripeError
from apps.payments.models import CreditNote, Invoice
from apps.payments.services import issuing
from apps.payments.signals import credit_note_stored, invoice_stored

log = structlog.get_logger(__name__)


@receiver(invoice_stored)
def issue_invoice(invoice: Invoice, **_: Any) -> None:
    """In the transaction that stored it; after it where Stripe has to be asked for an account."""
    if issuing.pays_by_transfer(invoice):
        transaction.on_commit(partial(_issue_later, invoice.pk), robust=True)
    else:
        issuing.issue_invoice(invoice)


@receiver(credit_note_stored)
def issue_credit_note(credit_note: CreditNote, **_: Any) -> None:
    issuing.issue_credit_note(credit_note)


def _issue_later(pk: str) -> None:
    """Whoever asks for it first has it issued where Stripe is silent now."""
    try:
        issuing.issue(Invoice.objects.select_related("account").get(pk=pk))
    except StripeError as error:
        log.warning("document_waits_for_stripe", id=pk, problem=error.detail)
