"""A workspace's invoices and credit notes, as its people see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from apps.core.errors import NotFound
from apps.payments.models import CreditNote, Invoice
from apps.payments.models.documents import CreditNoteQuerySet, InvoiceQuerySet
from apps.tenants.models import Tenant

# Of those that a workspace sees.
STATES = [(value, text) for value, text in Invoice.Status.choices if value != Invoice.Status.DRAFT]


def of(tenant: Tenant) -> InvoiceQuerySet:
    """Final ones, newest first, without what Stripe gave: a list shows columns."""
    return Invoice.objects.of(tenant).final().defer("data")


def credit_notes_of(tenant: Tenant) -> CreditNoteQuerySet:
    return CreditNote.objects.of(tenant).defer("data")


def years(tenant: Tenant) -> list[int]:
    """In which there are invoices, newest first."""
    days = Invoice.objects.of(tenant).final().dates("created_at", "year", order="DESC")
    return [day.year for day in days]


def find(*, tenant: Tenant, invoice_id: str) -> Invoice:
    """With its account. Raises `NotFound` for a draft, and for another workspace's."""
    rows = Invoice.objects.of(tenant).final().select_related("account")
    found = rows.filter(pk=invoice_id).first()
    if found is None:
        raise NotFound("There is no such invoice here.")
    return found


def find_credit_note(*, tenant: Tenant, note_id: str) -> CreditNote:
    """As `find`."""
    rows = CreditNote.objects.of(tenant).select_related("account")
    found = rows.filter(pk=note_id).first()
    if found is None:
        raise NotFound("There is no such credit note here.")
    return found


def credited(found: Iterable[Invoice]) -> dict[str, list[CreditNote]]:
    """Credit notes by the id of their invoice, oldest first."""
    by_invoice = defaultdict(list)
    ids = [invoice.pk for invoice in found]
    rows = CreditNote.objects.filter(invoice_id__in=ids).defer("data").order_by("created_at", "id")
    for note in rows:
        by_invoice[note.invoice_id].append(note)
    return dict(by_invoice)
