"""What is final is issued, in the transaction that stored it."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.payments.models import CreditNote, Invoice
from apps.payments.services import issuing
from apps.payments.signals import credit_note_stored, invoice_stored


@receiver(invoice_stored)
def issue_invoice(invoice: Invoice, **_: Any) -> None:
    issuing.issue_invoice(invoice)


@receiver(credit_note_stored)
def issue_credit_note(credit_note: CreditNote, **_: Any) -> None:
    issuing.issue_credit_note(credit_note)
