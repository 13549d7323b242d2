"""What the mails about an unpaid invoice say."""

from __future__ import annotations

from typing import Any

from apps.core.money import Money
from apps.payments.models import DunningCase, Invoice
from apps.payments.services import intents, notices


def tell(case: DunningCase, mail: str, *, key: str = "") -> bool:
    """The mail of a step; `key` tells those of one template apart."""
    return notices.tell(
        account=case.account, template=mail, key=f"{case.invoice_id}{key}",
        context=lambda: context(case),
    )  # fmt: skip


def context(case: DunningCase) -> dict[str, Any]:
    invoice = case.invoice
    return {
        **about(invoice),
        **case.dates._asdict(),
        "reason": intents.failure_of(invoice),
        "is_overdue": case.is_overdue,
        "next_attempt_at": invoice.next_attempt_at,
    }


def about(invoice: Invoice) -> dict[str, Any]:
    """Number and what is owed; once it is paid, what it was about."""
    owed = invoice.amount_remaining or invoice.amount_paid or invoice.total
    return {"amount": Money(owed, invoice.currency), "invoice_number": invoice.number}
