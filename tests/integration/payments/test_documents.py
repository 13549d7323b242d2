"""Stripe's invoices and credit notes become documents that stay as they are."""

from __future__ import annotations

import io

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from pypdf import PdfReader

from apps.core.errors import NotFound
from apps.payments.errors import DocumentDamaged
from apps.payments.models import Account, CreditNote, Invoice, IssuedDocument
from apps.payments.services import document_files, objects, transfers

pytestmark = pytest.mark.django_db
ADDRESS = {
    "line1": "Schulstraße 7", "postal_code": "80333", "city": "München", "country": "DE",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }


@pytest.fixture
def subscribe(billing):
    """Alpha buys; returns its stored invoice."""

    def buy(*, percentage=19.0, address=ADDRESS, **about):
        account = billing.connect()
        api = billing.stripe.api
        api.customers.update(account.customer_id, {"name": "Gymnasium", "address": address})
        rates = []
        if percentage is not None:
            wish = {"display_name": "VAT", "percentage": percentage, "inclusive": False}
            rates = [api.tax_rates.create(wish).id]
        subscription = billing.subscribe(default_tax_rates=rates, **about)
        billing.sync()
        return Invoice.objects.get(pk=subscription.latest_invoice)

    return buy


def text_of(file):
    pages = PdfReader(io.BytesIO(file.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_paid_invoice_has_a_document_with_stripes_number_and_sums(subscribe):
    invoice = subscribe()
    document = invoice.document.document
    assert (document.number, document.total) == (invoice.number, invoice.total) != ("", 0)
    assert (document.net, document.tax, document.due) == (14_900, 2831, 17_731)
    (line,) = document.lines
    assert (line.description, line.category, int(line.rate)) == ("School, monatlich", "S", 19)
    file = document_files.pdf(invoice.document)
    assert file.name == f"Rechnung-{invoice.number}.pdf"
    assert "177,31 €" in text_of(file)
    assert "Schulstraße 7" in text_of(file)


def test_a_discount_is_named_on_its_line(subscribe, billing):
    wish = {"percent_off": 10, "duration": "forever", "name": "Welcome"}
    coupon = billing.stripe.api.coupons.create(wish)
    invoice = subscribe(discounts=[{"coupon": coupon.id}])
    (line,) = invoice.document.document.lines
    assert (line.amount, line.discount, line.discount_name) == (14_900, 1490, "Welcome")
    assert "Rabatt: Welcome" in text_of(document_files.pdf(invoice.document))


def test_it_is_the_same_whenever_it_is_fetched_and_whatever_changes_later(
    billing, subscribe, django_capture_on_commit_callbacks
):
    invoice = subscribe(collection_method="send_invoice", days_until_due=30)
    billing.stripe.api.invoices.finalize_invoice(invoice.pk)
    with django_capture_on_commit_callbacks(execute=True):
        objects.fetch("invoice", invoice.pk)
    issued = IssuedDocument.objects.get(invoice=invoice)
    first = document_files.pdf(issued)
    assert issued.document.means == "transfer"
    own = transfers.details(billing.account)
    assert issued.document.account.iban == own.iban != issued.document.seller.iban
    assert own.iban.encode() in document_files.xml(issued).content
    assert issued.document.due_on > issued.document.issued_on
    billing.stripe.api.invoices.pay(invoice.pk, {"paid_out_of_band": True})
    Account.objects.update(legal_name="Another", city="Elsewhere")
    objects.fetch("invoice", invoice.pk)
    IssuedDocument.objects.get(invoice=invoice)
    with time_machine.travel("2031-01-01"):
        again = IssuedDocument.objects.get(invoice=invoice)
        assert document_files.pdf(again) == first
        assert again.content == issued.content


@pytest.mark.parametrize(
    ("country", "vat_id", "percentage", "category"),
    [
        ("FR", "FR40303265045", 0.0, "AE"),
        ("US", "", None, "O"),
        ("NO", "123456789MVA", None, "O"),
        ("FR", "", 20.0, "S"),
    ],
)
def test_who_buys_decides_the_category(subscribe, billing, country, vat_id, percentage, category):
    Account.objects.filter(pk=billing.account.pk).update(vat_id=vat_id)
    address = {"line1": "1 Main St", "city": "Town", "postal_code": "1", "country": country}
    invoice = subscribe(percentage=percentage, address=address)
    assert invoice.document.document.categories == {category}
    assert document_files.pdf(invoice.document).content.startswith(b"%PDF")


def test_a_credit_note_refers_to_its_invoice_and_may_come_before_it(subscribe, billing):
    invoice = subscribe()
    billing.stripe.api.credit_notes.create({"invoice": invoice.pk, "amount": 5000, "memo": "Sorry"})
    billing.sync("credit_note")
    note = CreditNote.objects.get()
    document = note.document.document
    assert (document.kind, document.total, document.settlement) == ("credit_note", 5000, "balance")
    assert document.reference.number == invoice.number
    assert document.notes == ("Sorry",)
    file = document_files.pdf(note.document)
    assert file.name == f"Rechnungskorrektur-{note.number}.pdf"
    assert b"381" in document_files.xml(note.document).content


def test_a_credit_note_names_the_coupons_of_the_lines_that_it_takes_back(subscribe, billing):
    wish = {"percent_off": 10, "duration": "forever", "name": "Welcome"}
    coupon = billing.stripe.api.coupons.create(wish)
    invoice = subscribe(discounts=[{"coupon": coupon.id}])
    billing.stripe.api.credit_notes.create({"invoice": invoice.pk})
    billing.sync("credit_note")
    (of,) = invoice.document.document.lines
    (line,) = CreditNote.objects.get().document.document.lines
    assert (line.discount, line.discount_name) == (1490, "Welcome")
    assert (line.description, line.period) == (of.description, of.period)


def test_what_is_void_is_handed_out_as_such(subscribe, billing, browse, owner):
    invoice = subscribe(collection_method="send_invoice", days_until_due=30)
    billing.stripe.api.invoices.finalize_invoice(invoice.pk)
    billing.stripe.api.invoices.void_invoice(invoice.pk)
    objects.fetch("invoice", invoice.pk)
    invoice.refresh_from_db()
    file = document_files.pdf_of(invoice)
    assert file.name == f"Rechnung-{invoice.number}-storniert.pdf"
    assert "Es ist nicht mehr gültig" in text_of(file)
    assert b"factur-x" not in file.content
    with pytest.raises(NotFound):
        document_files.xml_of(invoice)
    page = browse(owner).get(f"/settings/billing/invoices/{invoice.pk}/").content.decode()
    assert "Nothing to pay" in page
    assert "To be paid" not in page


def test_the_xml_is_what_the_pdf_carries_and_a_receipt_has_none(subscribe):
    invoice = subscribe()
    assert b"<ram:GrandTotalAmount>177.31<" in document_files.xml(invoice.document).content
    receipt = document_files.receipt(invoice)
    assert receipt.name.startswith("Zahlungsbestätigung-")
    assert "177,31 €" in text_of(receipt)
    assert "Bezahlt am" in text_of(receipt)
    assert b"factur-x" not in receipt.content


def test_a_command_issues_what_is_lacking_and_looks_at_every_file(subscribe, billing):
    invoice = subscribe()
    issued = document_files.of(invoice)
    document_files.pdf(issued)
    more = Invoice.objects.get(pk=invoice.pk)
    more.pk, more.number = "in_more", "MORE-1"
    more.data = {**more.data, "number": "MORE-1"}
    more.save(force_insert=True)
    out = io.StringIO()
    call_command("billing", "documents", "--check", stdout=out)
    assert "1 issued, 2 in all" in out.getvalue()
    assert "Every file is as it was issued" in out.getvalue()


def test_the_command_fails_where_one_cannot_be_issued(subscribe):
    invoice = subscribe()
    invoice.pk, invoice.number = "in_other", "OTHER-1"
    invoice.data = {**invoice.data, "number": "OTHER-1", "total": 1}
    invoice.save(force_insert=True)
    with pytest.raises(CommandError, match="1 cannot be issued"):
        call_command("billing", "documents")


def test_drafts_have_no_document(subscribe):
    invoice = subscribe(collection_method="send_invoice", days_until_due=30)
    assert invoice.status == "draft"
    with pytest.raises(NotFound):
        document_files.of(invoice)
    with pytest.raises(NotFound):
        document_files.receipt(invoice)


def test_a_lost_file_is_drawn_again_and_a_false_one_is_not_handed_out(subscribe):
    issued = subscribe().document
    first = document_files.pdf(issued)
    issued.refresh_from_db()
    default_storage.delete(issued.storage_name)
    assert document_files.pdf(issued) == first
    with default_storage.open(issued.storage_name, "wb") as file:
        file.write(b"forged")
    assert document_files.pdf(issued) == first
    issued.sha256 = "0" * 64
    with pytest.raises(DocumentDamaged):
        document_files.pdf(issued)


@pytest.mark.parametrize(
    "deed",
    [
        lambda row: IssuedDocument.objects.filter(pk=row.document.pk).update(content={}),
        lambda row: IssuedDocument.objects.filter(pk=row.document.pk).update(number="X"),
        lambda row: row.document.delete(),
        lambda row: Invoice.objects.filter(pk=row.pk).update(number="X"),
    ],
)
def test_the_database_refuses_to_change_what_is_issued(subscribe, deed):
    row = subscribe()
    with pytest.raises((IntegrityError, DatabaseError), match="cannot be"), transaction.atomic():
        deed(row)


def test_what_stripe_counts_otherwise_is_not_issued(subscribe):
    invoice = subscribe()
    invoice.pk, invoice.number = "in_other", "OTHER-1"
    invoice.data = {**invoice.data, "id": "in_other", "number": "OTHER-1", "total": 1}
    invoice.save(force_insert=True)
    with pytest.raises(document_files.DocumentNotReady):
        document_files.of(invoice)
