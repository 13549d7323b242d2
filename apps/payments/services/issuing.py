"""Issuing documents: once an invoice is final, what it says is written down and stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from djstripe.models import Price, TaxRate

from apps.payments import catalogue, documents
from apps.payments.models import Account, CreditNote, Invoice, IssuedDocument
from apps.payments.services import objects, transfers

log = structlog.get_logger(__name__)


def seller() -> documents.Seller:
    """Who issues from now on; documents that are out keep whom they named."""
    return documents.Seller(**settings.SELLER)


def issue(row: Invoice | CreditNote) -> IssuedDocument | None:
    """The document of an invoice or a credit note, issued now where it was not: outside of a
    transaction, because what is missing for it is fetched. None for a draft, and where it cannot
    be issued (the log says why). Raises `StripeError`.
    """
    if isinstance(row, CreditNote):
        invoice = Invoice.objects.filter(pk=row.invoice_id).first()
        if invoice is not None:
            issue(invoice)
        _fetch_rates(row)
        with transaction.atomic():
            return issue_credit_note(row)
    if row.status == Invoice.Status.DRAFT:
        return None
    _fetch_rates(row)
    payee = _payee(row) if pays_by_transfer(row) else None
    with transaction.atomic():
        return issue_invoice(row, payee=payee)


@dataclass(frozen=True)
class Caught:
    """`issued`: how many there are now that lacked, of `total` documents; `refused`: rows that
    cannot be issued.
    """

    issued: int
    total: int
    refused: list[Invoice | CreditNote]


def catch_up() -> Caught:
    """Issue the document of every final invoice and credit note that lacks one. Raises
    `StripeError`.
    """
    lacking = [
        *Invoice.objects.final().filter(document__isnull=True).select_related("account"),
        *CreditNote.objects.filter(document__isnull=True).select_related("account"),
    ]
    refused = [row for row in lacking if issue(row) is None]
    return Caught(len(lacking) - len(refused), IssuedDocument.objects.count(), refused)


def pays_by_transfer(invoice: Invoice) -> bool:
    """Whether its document names a bank account, which Stripe is asked for."""
    return invoice.collection == Account.Collection.INVOICE and invoice.amount_due > 0


def issue_invoice(
    invoice: Invoice, *, payee: documents.BankAccount | None = None
) -> IssuedDocument | None:
    """In the caller's transaction, with what is here. Its credit notes that waited follow."""
    if invoice.status == Invoice.Status.DRAFT:
        return None
    found = IssuedDocument.objects.filter(invoice=invoice).first()
    if found is None:
        found = _issue(invoice, lambda rates: _of_invoice(invoice, rates, payee), invoice=invoice)
        waiting = CreditNote.objects.filter(invoice_id=invoice.pk, document__isnull=True)
        for note in waiting if found else ():
            issue_credit_note(note)
    return found


def issue_credit_note(note: CreditNote) -> IssuedDocument | None:
    """As `issue_invoice`; None while its invoice is not issued."""
    found = IssuedDocument.objects.filter(credit_note=note).first()
    invoices = IssuedDocument.objects.select_related("invoice")
    of = invoices.filter(invoice_id=note.invoice_id).first()
    if found or of is None or of.invoice is None:
        return found
    original, billed = of.document, of.invoice.data
    return _issue(
        note,
        lambda rates: documents.from_credit_note(
            note.data, invoice=original, billed=billed, rates=rates, prices=_prices(billed)
        ),
        credit_note=note,
    )


def _fetch_rates(row: Invoice | CreditNote) -> None:
    for ident in documents.rate_ids(row.data) - _rates(row.data).keys():
        objects.fetch("tax_rate", ident)


def _payee(invoice: Invoice) -> documents.BankAccount | None:
    """The account that Stripe keeps for this customer: what arrives there pays the invoice."""
    found = transfers.details(invoice.account)
    return documents.BankAccount(found.holder, found.iban, found.bic) if found else None


def _issue(
    row: Invoice | CreditNote,
    draw_up: Callable[[Mapping[str, Any]], documents.Document],
    **source: Invoice | CreditNote,
) -> IssuedDocument | None:
    rates = _rates(row.data)
    missing = documents.rate_ids(row.data) - rates.keys()
    if missing:
        log.warning("document_waits_for_tax_rates", id=row.pk, rates=sorted(missing))
        return None
    try:
        document = draw_up(rates)
        documents.check(document)
    except documents.BadDocument as refusal:
        log.exception("document_refused", id=row.pk, violations=str(refusal))
        return None
    made, _ = IssuedDocument.objects.get_or_create(
        **source,
        defaults={
            "number": document.number,
            "account": row.account,
            "issued_on": document.issued_on,
            "language": document.language,
            "content": documents.freeze(document),
        },
    )
    return made


def _of_invoice(
    invoice: Invoice, rates: Mapping[str, Any], payee: documents.BankAccount | None
) -> documents.Document:
    return documents.from_invoice(
        invoice.data,
        seller=seller(),
        customer=_customer(invoice.account),
        rates=rates,
        prices=_prices(invoice.data),
        payee=payee,
        purchase_order=invoice.account.purchase_order,
    )


def _customer(account: Account) -> documents.Buyer:
    return documents.Buyer(
        name=account.legal_name or account.name,
        country=account.country,
        line1=account.line1,
        line2=account.line2,
        postal_code=account.postal_code,
        city=account.city,
        state=account.state,
        vat_id=account.vat_id,
        email=account.billing_email,
    )


def _rates(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Stripe's tax rates by id: those of the invoice itself, and those kept here."""
    found = {one["id"]: one for one in data.get("default_tax_rates") or ()}
    others = documents.rate_ids(data) - found.keys()
    if others:
        kept = TaxRate.objects.filter(id__in=others).values_list("id", "stripe_data")
        found.update(dict(kept))
    return found


def _prices(data: Mapping[str, Any]) -> dict[str, documents.Sold]:
    """What the prices on its lines are for, of those that the catalogue has or had."""
    kept = Price.objects.filter(id__in=documents.price_ids(data))
    found = {row.id: documents.Sold(*catalogue.part_of(row.stripe_data)) for row in kept}
    return {ident: sold for ident, sold in found.items() if sold.plan}
