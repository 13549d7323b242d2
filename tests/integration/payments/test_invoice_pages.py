"""Settings > Billing > Invoices, and the same over the API."""

from __future__ import annotations

import pytest
from django.core.files.storage import InMemoryStorage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.payments.services import document_files
from apps.tenants.services import holds
from tests.factories.gateway import make_key
from tests.factories.invoices import make_credit_note, make_invoices

pytestmark = pytest.mark.django_db
HOME = "/settings/billing/invoices/"
API = "/api/v1/invoices/"
NOTES = "/api/v1/credit-notes/"


@pytest.fixture(autouse=True)
def memory(monkeypatch):
    monkeypatch.setattr(document_files, "default_storage", InMemoryStorage())


@pytest.fixture
def program(alpha):
    _, secret = make_key(alpha, scopes=["billing.view"])
    return Client(SERVER_NAME=alpha.host, headers={"Authorization": f"Bearer {secret}"})


def test_a_list_narrowed_by_year_and_state(alpha, browse, owner):
    browser = browse(owner)
    assert "No invoice yet" in browser.get(HOME).content.decode()
    make_invoices(alpha, 27)
    first = browser.get(HOME).content.decode()
    assert "ALPHA-0026" in first
    assert "ALPHA-0001" not in first
    assert "ALPHA-0001" in browser.get(HOME, {"page": 2}).content.decode()
    assert "ALPHA-0026" in browser.get(HOME, {"year": "2026", "state": "paid"}).content.decode()
    assert "ALPHA-" not in browser.get(HOME, {"state": "void"}).content.decode()
    assert "ALPHA-0026" in browser.get(HOME, {"year": "1999", "state": "x"}).content.decode()


def test_from_the_list_to_the_files(alpha, browse, owner):
    (invoice,) = make_invoices(alpha, 1)
    note = make_credit_note(invoice)
    browser = browse(owner)
    listed = browser.get(HOME).content.decode()
    assert note.number in listed
    page = browser.get(f"{HOME}{invoice.pk}/").content.decode()
    assert "€29.00" in page
    assert "1 Main St" in page
    assert "A day without service" in page
    spoken = document_files.of(invoice).document.language  # for who hears the page read out
    assert f'<td class="main"><span lang="{spoken}">' in page
    pdf = browser.get(f"{HOME}{invoice.pk}/pdf/")
    assert pdf["Content-Disposition"] == 'attachment; filename="Invoice-ALPHA-0000.pdf"'
    assert pdf.content.startswith(b"%PDF")
    assert b"ALPHA-0000" in browser.get(f"{HOME}{invoice.pk}/xml/").content
    assert browser.get(f"{HOME}{invoice.pk}/receipt/").content.startswith(b"%PDF")
    where = f"/settings/billing/credit-notes/{note.pk}/"
    assert browser.get(f"{where}pdf/").content.startswith(b"%PDF")
    assert b"ALPHA-0000-CN-01" in browser.get(f"{where}xml/").content


def test_the_api_gives_the_same_to_a_key_that_may(alpha, program):
    (invoice,) = make_invoices(alpha, 1)
    note = make_credit_note(invoice)
    (listed,) = program.get(API, {"status": "paid", "year": 2026}).json()["results"]
    assert (listed["number"], listed["total"], listed["is_owed"]) == ("ALPHA-0000", 2900, False)
    assert program.get(API, {"year": 1999}).json()["results"] == []
    assert program.get(f"{API}{invoice.pk}/").json()["number"] == "ALPHA-0000"
    pdf = program.get(f"{API}{invoice.pk}/pdf/")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert program.get(f"{API}{invoice.pk}/receipt/").content[:5] == b"%PDF-"
    assert b"<ram:TypeCode>380<" in program.get(f"{API}{invoice.pk}/xml/").content
    (credited,) = program.get(NOTES, {"invoice": invoice.pk}).json()["results"]
    assert credited["id"] == note.pk
    assert program.get(f"{NOTES}{note.pk}/pdf/").content[:5] == b"%PDF-"
    assert b"<ram:TypeCode>381<" in program.get(f"{NOTES}{note.pk}/xml/").content


def test_drafts_are_nobodys_to_see(alpha, browse, owner, program):
    (draft,) = make_invoices(alpha, 1, status="draft")
    assert "ALPHA-0000" not in browse(owner).get(HOME).content.decode()
    assert browse(owner).get(f"{HOME}{draft.pk}/").status_code == 404
    assert program.get(f"{API}{draft.pk}/pdf/").status_code == 404


def test_an_outsider_finds_nothing_anywhere(alpha, beta, browse, outsider, admin, program):
    (theirs,) = make_invoices(beta, 1)
    note = make_credit_note(theirs)
    (ours,) = make_invoices(alpha, 1)
    for part in ("", "pdf/", "xml/", "receipt/"):
        assert browse(outsider, tenant=beta).get(f"{HOME}{ours.pk}/{part}").status_code == 404
        assert browse(outsider).get(f"{HOME}{ours.pk}/{part}").status_code == 403
        assert browse(admin).get(f"{HOME}{ours.pk}/{part}").status_code == 403
        assert program.get(f"{API}{theirs.pk}/{part}").status_code == 404
    for part in ("pdf/", "xml/"):
        where = f"/settings/billing/credit-notes/{note.pk}/{part}"
        assert browse(outsider).get(where).status_code == 403
        assert program.get(f"{NOTES}{note.pk}/{part}").status_code == 404
    assert theirs.number not in program.get(API).content.decode()
    assert program.get(NOTES).json()["results"] == []
    assert browse(admin).get(HOME).status_code == 403


def test_they_are_there_while_the_workspace_is_not_paid_for(alpha, browse, owner):
    (invoice,) = make_invoices(alpha, 1)
    assert holds.suspend(tenant=alpha, reason="An invoice is open.")
    assert browse(owner).get(f"{HOME}{invoice.pk}/pdf/").content.startswith(b"%PDF")


@pytest.mark.parametrize("address", [HOME, f"{API}?page_size=25", f"{NOTES}?page_size=25"])
def test_ten_and_a_thousand_invoices_cost_the_same_queries(alpha, browse, owner, program, address):
    asker = browse(owner) if address == HOME else program
    asker.get(address)  # what is read once, is
    counts = []
    for first, count in ((0, 10), (10, 990)):
        made = make_invoices(alpha, count, first=first)
        for invoice in made[-10:]:
            make_credit_note(invoice)
        with CaptureQueriesContext(connection) as queries:
            assert made[-1].number in asker.get(address).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1] > 0


def test_operators_find_and_download_them(alpha, console):
    (invoice,) = make_invoices(alpha, 1)
    note = make_credit_note(invoice)
    for row, found in ((invoice, "invoice"), (note, "creditnote")):
        home = f"/operator/payments/{found}/"
        assert row.number in console.get(home, {"q": row.number}).content.decode()
        assert "not asked for yet" in console.get(f"{home}{row.pk}/change/").content.decode()
        assert console.get(f"{home}{row.pk}/file/pdf/").content.startswith(b"%PDF")
        digest = row.document.sha256
        assert digest
        assert digest in console.get(f"{home}{row.pk}/change/").content.decode()
        assert b"CrossIndustryInvoice" in console.get(f"{home}{row.pk}/file/xml/").content
        assert console.get(f"{home}{row.pk}/file/exe/").status_code == 404
    receipt = console.get(f"/operator/payments/invoice/{invoice.pk}/file/receipt/")
    assert receipt.content.startswith(b"%PDF")
