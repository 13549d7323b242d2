"""What operators do to open invoices: note a transfer, write off, take back."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from apps.payments import stripe_api
from apps.payments.errors import InvoiceNotOpen
from apps.payments.models import Attempt, Invoice
from apps.payments.services import collection, operator_deeds
from apps.payments.services.attempts import Answer, Deed
from apps.tenants.access import Operator

OPEN: Final = (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE)


def mark_paid(*, invoice: Invoice, received_on: date, reference: str, by: Operator) -> Invoice:
    """The money came another way than through Stripe, on that day, with that reference of the
    bank's. Raises `InvoiceNotOpen`, and as `operator_deeds.carry_out`.
    """
    about = {"received_on": received_on.isoformat(), "reference": reference}
    return _do(PAID, invoice, OPEN, about, by)


def write_off(*, invoice: Invoice, reason: str, by: Operator) -> Invoice:
    """Nobody is going to pay it; if somebody does, it is paid. Raises `InvoiceNotOpen`, and as
    `operator_deeds.carry_out`.
    """
    return _do(WRITE_OFF, invoice, (Invoice.Status.OPEN,), {"reason": reason}, by)


def void(*, invoice: Invoice, reason: str, by: Operator) -> Invoice:
    """It should never have been written. Raises `InvoiceNotOpen`, and as
    `operator_deeds.carry_out`.
    """
    return _do(VOID, invoice, OPEN, {"reason": reason}, by)


def invoice_of(attempt: Attempt) -> Invoice:
    return Invoice.objects.select_related("account").get(pk=attempt.subject)


def _do(
    deed: Deed, invoice: Invoice, states: tuple[str, ...], about: dict[str, str], by: Operator
) -> Invoice:
    def check() -> None:
        invoice.refresh_from_db()
        if invoice.status not in states:
            raise InvoiceNotOpen(f"Invoice {invoice} is {invoice.get_status_display().lower()}.")

    operator_deeds.carry_out(deed, about=invoice, params=about, by=by, check=check)
    return invoice


def _ask_paid(attempt: Attempt) -> Answer:
    ident, options = attempt.subject, {"idempotency_key": attempt.key}
    marks = {f"toolboxai_{key}": value for key, value in attempt.params.items()}
    stripe_api.call(lambda api: api.invoices.update(ident, {"metadata": marks}))
    stripe_api.call(lambda api: api.invoices.pay(ident, {"paid_out_of_band": True}, options))
    return _touched(attempt)


def _ask_write_off(attempt: Attempt) -> Answer:
    collection.write_off(invoice_of(attempt), key=attempt.key)
    return _touched(attempt)


def _ask_void(attempt: Attempt) -> Answer:
    options = {"idempotency_key": attempt.key}
    stripe_api.call(lambda api: api.invoices.void_invoice(attempt.subject, {}, options))
    return _touched(attempt)


def _touched(attempt: Attempt) -> Answer:
    return Answer((("invoice", attempt.subject),))


def _entry(attempt: Attempt) -> tuple[Any, dict[str, Any]]:
    invoice = invoice_of(attempt)
    return invoice, {"amount": invoice.total, "currency": invoice.currency, **attempt.params}


PAID: Final = Deed("paid_outside", "invoice.paid_outside", "a transfer noted", _ask_paid, _entry)
WRITE_OFF: Final = Deed(
    "write_off", "invoice.written_off", "an invoice written off", _ask_write_off, _entry
)
VOID: Final = Deed("void", "invoice.voided", "an invoice made void", _ask_void, _entry)
