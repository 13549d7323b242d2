"""What operators do to open invoices: note a transfer, write off, take back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from apps.audit.services import entries as audit
from apps.payments import stripe_api
from apps.payments.errors import InvoiceNotOpen
from apps.payments.models import Invoice
from apps.payments.services import accounts, approvals, objects
from apps.tenants.access import Operator

OPEN = (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE)


def mark_paid(*, invoice: Invoice, received_on: date, reference: str, by: Operator) -> Invoice:
    """The money came another way than through Stripe, on that day, with that reference of the
    bank's. Raises `InvoiceNotOpen`, `StripeError`.
    """
    _require(invoice, OPEN, by)
    about = {"received_on": received_on.isoformat(), "reference": reference}
    _record(invoice, "paid_outside", by, about)

    def pay(api: Any) -> Any:
        options = {"idempotency_key": f"paid-outside-{invoice.pk}"}
        marks = {f"toolboxai_{key}": value for key, value in about.items()}
        api.invoices.update(invoice.pk, {"metadata": marks})
        return api.invoices.pay(invoice.pk, {"paid_out_of_band": True}, options)

    return _do(invoice, pay)


def write_off(*, invoice: Invoice, reason: str, by: Operator) -> Invoice:
    """Nobody is going to pay it; if somebody does, it is paid. Raises `InvoiceNotOpen` and
    `StripeError`.
    """
    _require(invoice, (Invoice.Status.OPEN,), by)
    _record(invoice, "written_off", by, {"reason": reason})
    return _do(invoice, lambda api: api.invoices.mark_uncollectible(invoice.pk))


def void(*, invoice: Invoice, reason: str, by: Operator) -> Invoice:
    """It should never have been written. Raises `InvoiceNotOpen`, `StripeError`."""
    _require(invoice, OPEN, by)
    _record(invoice, "voided", by, {"reason": reason})
    return _do(invoice, lambda api: api.invoices.void_invoice(invoice.pk))


def _require(invoice: Invoice, states: tuple[str, ...], by: Operator) -> None:
    approvals.require_operator(by)
    invoice.refresh_from_db()
    if invoice.status not in states:
        raise InvoiceNotOpen(f"Invoice {invoice} is {invoice.get_status_display().lower()}.")


def _do(invoice: Invoice, deed: Any) -> Invoice:
    """At Stripe, and then as Stripe has it now. Done twice it ends in the same state."""
    stripe_api.call(deed)
    objects.fetch("invoice", invoice.pk, invoice.account)
    accounts.settle(invoice.account)
    invoice.refresh_from_db()
    return invoice


def _record(invoice: Invoice, verb: str, by: Operator, data: dict[str, Any]) -> None:
    """Before the call: it is on record that somebody wanted it even where no answer comes."""
    about = {"amount": invoice.amount_remaining, "currency": invoice.currency, **data}
    with transaction.atomic():
        audit.record(
            action=f"invoice.{verb}", by=by, schema_name=invoice.account.schema_name,
            target=invoice, data=about,
        )  # fmt: skip
