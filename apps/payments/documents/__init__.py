"""Invoices, credit notes and receipts of our own: data in, PDF and XML out. Knows no Django."""

from __future__ import annotations

from dataclasses import dataclass

from apps.payments.documents import cii
from apps.payments.documents.content import (
    BankAccount,
    Buyer,
    Document,
    Line,
    Payment,
    Period,
    Reference,
    Seller,
    Tax,
    freeze,
    thaw,
)
from apps.payments.documents.errors import BadDocument, Violation
from apps.payments.documents.line_texts import Sold, price_ids
from apps.payments.documents.rules import check
from apps.payments.documents.stripe_objects import from_credit_note, from_invoice, rate_ids

__all__ = [
    "BadDocument", "BankAccount", "Buyer", "Document", "Line", "Payment", "Period", "Reference",
    "Rendered", "Seller", "Sold", "Tax", "Violation", "attached", "check", "freeze",
    "from_credit_note", "from_invoice", "price_ids", "rate_ids", "render", "thaw",
]  # fmt: skip


@dataclass(frozen=True)
class Rendered:
    """`xml` is empty for a receipt, which no system shall book as a second invoice, and for what is
    void.
    """

    pdf: bytes
    xml: bytes


def render(document: Document) -> Rendered:
    """Both forms of a document, each with the same content. Takes some 50 ms.

    Raises `BadDocument` with every rule of EN 16931 that it breaks.
    """
    from apps.payments.documents import pdf  # typst and qpdf are for whoever draws

    check(document)
    is_read = document.kind != "receipt" and document.voided_on is None
    xml = cii.write(document) if is_read else b""
    return Rendered(pdf=pdf.write(document, xml), xml=xml)


def attached(content: bytes) -> bytes:
    """The XML in a PDF of ours."""
    from apps.payments.documents import pdf

    return pdf.attached(content)
