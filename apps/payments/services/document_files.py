"""The files of issued documents: made when first asked for, kept, and checked whenever read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.core.errors import NotFound
from apps.payments import documents
from apps.payments.documents import words
from apps.payments.errors import DocumentDamaged, DocumentNotReady
from apps.payments.models import CreditNote, Invoice, IssuedDocument, Payment
from apps.payments.services import issuing

PDF, XML = "application/pdf", "application/xml"
VOID: Final = (Invoice.Status.VOID, CreditNote.Status.VOID)


@dataclass(frozen=True)
class File:
    name: str
    media_type: str
    content: bytes


def of(row: Invoice | CreditNote) -> IssuedDocument:
    """The document of an invoice or a credit note. Raises `NotFound` for a draft's,
    `DocumentNotReady` where it cannot be issued yet, `StripeError`.
    """
    if isinstance(row, Invoice) and row.status == Invoice.Status.DRAFT:
        raise NotFound("A draft has no document yet.")
    found = _issued(row) or issuing.issue(row)
    if found is None:
        raise DocumentNotReady(f"{row} is being prepared. Try again in a few minutes.")
    return found


def pdf_of(row: Invoice | CreditNote) -> File:
    """What is handed out: the document, or of what is void a copy that says so and carries no XML.
    Raises as `of` and `pdf`.
    """
    issued = of(row)
    if row.status not in VOID:
        return pdf(issued)
    voided_on = (row.voided_at or row.created_at).date()
    copy = replace(issued.document, voided_on=voided_on, means="none", pay_url="")
    return File(_name(copy, "pdf"), PDF, documents.render(copy).pdf)


def xml_of(row: Invoice | CreditNote) -> File:
    """As `pdf_of`; raises `NotFound` for what is void, which no program shall book."""
    issued = of(row)
    if row.status in VOID:
        raise NotFound("It is void, so there is no XML of it to be booked.")
    return xml(issued)


def pdf(issued: IssuedDocument) -> File:
    """The very bytes that were made when it was first asked for. Raises `DocumentDamaged`."""
    content = _kept(issued) if issued.sha256 else _make(issued)
    return File(_name(issued.document, "pdf"), PDF, content)


def xml(issued: IssuedDocument) -> File:
    """What is attached to the PDF. Raises `DocumentDamaged`."""
    attached = documents.attached(pdf(issued).content)
    return File(_name(issued.document, "xml"), XML, attached)


def damaged() -> Iterator[DocumentDamaged]:
    """What is wrong with files that were made: each is read, and made again where that helps."""
    for issued in IssuedDocument.objects.exclude(sha256="").iterator():
        try:
            pdf(issued)
        except DocumentDamaged as error:
            yield error


def receipt(invoice: Invoice) -> File:
    """Confirms the payment of an invoice; raises `NotFound` where none was made."""
    if invoice.paid_at is None or not invoice.has_receipt:
        raise NotFound("Nothing was paid of this invoice, so there is no receipt.")
    original = of(invoice).document
    paid_on = invoice.paid_at.date()
    confirmed = replace(
        original,
        kind="receipt",
        issued_on=paid_on,
        due_on=None,
        reference=documents.Reference(original.number, original.issued_on),
        payment=documents.Payment(paid_on, invoice.amount_paid, _method(invoice)),
    )
    return File(_name(confirmed, "pdf"), PDF, documents.render(confirmed).pdf)


def _method(invoice: Invoice) -> str:
    """`Visa 4242`, of the last payment that worked; empty where it came another way."""
    paid = Payment.objects.filter(invoice=invoice, status=Payment.Status.SUCCEEDED)
    return paid.order_by("-created_at").values_list("method", flat=True).first() or ""


def _issued(row: Invoice | CreditNote) -> IssuedDocument | None:
    source = "invoice" if isinstance(row, Invoice) else "credit_note"
    return IssuedDocument.objects.filter(**{source: row}).first()


def _make(issued: IssuedDocument) -> bytes:
    """Two who ask at once get the same file: the second waits, and reads the first's."""
    with transaction.atomic():
        locked = IssuedDocument.objects.select_for_update(no_key=True).get(pk=issued.pk)
        if locked.sha256:
            return _kept(locked)
        content = documents.render(locked.document).pdf
        locked.sha256 = hashlib.sha256(content).hexdigest()
        locked.size = len(content)
        locked.storage_name = f"documents/{locked.account_id}/{locked.sha256}.pdf"
        _store(locked.storage_name, content)
        locked.save(update_fields=["sha256", "size", "storage_name"])
    return content


def _kept(issued: IssuedDocument) -> bytes:
    """From storage; where it is gone or changed there, drawn again if that gives the same bytes."""
    try:
        with default_storage.open(issued.storage_name) as file:
            content = bytes(file.read())
    except FileNotFoundError:
        content = b""
    if _is_it(issued, content):
        return content
    content = documents.render(issued.document).pdf
    if not _is_it(issued, content):
        raise DocumentDamaged(f"The file of {issued.number} is not the one that was issued.")
    _store(issued.storage_name, content)
    return content


def _is_it(issued: IssuedDocument, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == issued.sha256


def _store(name: str, content: bytes) -> None:
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def _name(document: documents.Document, ending: str) -> str:
    say = words.words(document.language)
    kind = say[document.kind].replace(" ", "-")
    state = f"-{say['void']}" if document.voided_on else ""
    return f"{kind}-{document.number}{state}.{ending}"
