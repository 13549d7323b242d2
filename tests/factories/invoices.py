"""Rows of invoices in the shape that a sync leaves, without a Stripe to fetch them from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from apps.payments.models import CreditNote, Invoice
from apps.payments.services import accounts

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def stripe_invoice(number: str, at: datetime, amount: int = 2900, **about: Any) -> dict[str, Any]:
    seconds = int(at.timestamp())
    line = {
        "id": f"il_{number}",
        "description": "1 \N{MULTIPLICATION SIGN} Starter (at €29.00 / month)",
        "amount": amount, "quantity": 1, "discount_amounts": [], "taxes": [],
        "pricing": {"unit_amount_decimal": str(amount)},
        "period": {"start": seconds, "end": seconds + 2_592_000},
    }  # fmt: skip
    return {
        "number": number, "currency": "eur", "total": amount, "amount_due": amount,
        "pre_payment_credit_notes_amount": 0, "due_date": None, "default_tax_rates": [],
        "collection_method": "charge_automatically", "created": seconds,
        "customer_name": "Alpha", "customer_address": {"country": "US", "line1": "1 Main St"},
        "status_transitions": {"finalized_at": seconds}, "lines": {"data": [line]}, **about,
    }  # fmt: skip


def make_invoices(tenant: Any, count: int, *, first: int = 0, **about: Any) -> list[Invoice]:
    """As many paid ones, a day apart, oldest first; they are counted from `first`."""
    account = accounts.of(tenant)
    made = []
    for index in range(first, first + count):
        at, number = START + timedelta(days=index), f"{tenant.slug.upper()}-{index:04}"
        values = {
            "status": "paid", "total": 2900, "amount_due": 2900, "amount_paid": 2900, "paid_at": at,
            "collection": "charge_automatically", "created_at": at, "finalized_at": at,
            "period_start": at, "period_end": at, "data": stripe_invoice(number, at), **about,
        }  # fmt: skip
        pk = f"in_{tenant.slug}{index}"
        made.append(Invoice(pk=pk, account=account, number=number, **values))
    return Invoice.objects.bulk_create(made)


def make_credit_note(invoice: Invoice, total: int = 500, number: int = 1) -> CreditNote:
    at = invoice.created_at + timedelta(days=1)
    seconds = int(at.timestamp())
    line = {
        "description": "Credit", "amount": total, "quantity": 1, "discount_amounts": [],
        "taxes": [], "period": None,
    }  # fmt: skip
    data: dict[str, Any] = {
        "number": f"{invoice.number}-CN-{number:02}", "total": total, "effective_at": seconds,
        "type": "post_payment", "memo": "A day without service", "lines": {"data": [line]},
    }  # fmt: skip
    return CreditNote.objects.create(
        pk=f"cn_{invoice.pk}{number}", account=invoice.account, invoice_id=invoice.pk,
        number=data["number"], status="issued", total=total, created_at=at, data=data,
        memo=data["memo"],
    )  # fmt: skip
