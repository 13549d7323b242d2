from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pikepdf
import pytest
from lxml import etree
from pypdf import PdfReader

from apps.payments import documents as made
from apps.payments.documents import words
from apps.payments.documents.sheet import draw_up, giro_code
from tests.factories import documents

FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
PDFA = "http://www.aiim.org/pdfa/ns/id/"
SCHEMA = "http://www.aiim.org/pdfa/ns/schema#"


@pytest.fixture(scope="module")
def invoice():
    return made.render(documents.invoice())


def text_of(content):
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split()
    )


def metadata(pdf):
    return etree.fromstring(pdf.Root.Metadata.read_bytes())


def test_the_same_document_gives_the_same_bytes(invoice):
    assert made.render(documents.invoice()) == invoice
    assert made.render(documents.invoice(prepaid=1001)).pdf != invoice.pdf


def test_the_xml_is_attached_as_an_alternative(invoice):
    with pikepdf.open(io.BytesIO(invoice.pdf)) as pdf:
        assert list(pdf.attachments) == ["factur-x.xml"]
        assert pdf.attachments["factur-x.xml"].get_file().read_bytes() == invoice.xml
        (file,) = pdf.Root.AF
        assert file.AFRelationship == "/Alternative"
        assert file.EF.F.Subtype == "/text/xml"


def test_it_is_an_archivable_pdf_that_declares_what_it_holds(invoice):
    with pikepdf.open(io.BytesIO(invoice.pdf)) as pdf:
        xmp = metadata(pdf)
        assert [xmp.findtext(f".//{{{PDFA}}}{name}") for name in ("part", "conformance")] == [
            "3",
            "A",
        ]
        assert xmp.findtext(f".//{{{FX}}}ConformanceLevel") == "EN 16931"
        assert xmp.findtext(f".//{{{FX}}}DocumentFileName") == "factur-x.xml"
        assert FX in {one.text for one in xmp.iter(f"{{{SCHEMA}}}namespaceURI")}
        (intent,) = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"  # an ICC profile
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "de-DE"
        assert not pdf.is_encrypted


def test_every_font_is_in_it(invoice):
    with pikepdf.open(io.BytesIO(invoice.pdf)) as pdf:
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary)]
        described = [one for one in fonts if one.get("/Type") == "/FontDescriptor"]
        assert described
        assert all({"/FontFile2", "/FontFile3"} & set(one.keys()) for one in described)
        assert not [one for one in fonts if one.get("/S") == "/JavaScript"]


def test_it_says_what_the_law_asks_for(invoice):
    text = text_of(invoice.pdf)
    for words_of_it in (
        "Rechnung", "TBX-0042", "27. November 2026", "Gymnasium am Königsplatz", "Schulstraße 7",
        "ToolBoxAI GmbH", "USt-IdNr. DE123456788", "27.11.2026 \N{EN DASH} 27.12.2026",
        "School seats",
        "Umsatzsteuer 19 % auf 204,28 €", "38,81 €", "243,09 €", "233,09 €",
        "DE89 3704 0044 0532 0130 00", "27. Dezember 2026", "04011000-12345-03",
    ):  # fmt: skip
        assert words_of_it in text


def test_reverse_charge_is_said_in_the_buyers_language():
    text = text_of(made.render(documents.reverse_charge()).pdf)
    assert "Autoliquidation" in text
    assert "FR40303265045" in text
    assert re.search(r"27 novembre 2026", text)


def test_a_receipt_says_that_it_is_no_invoice_and_carries_none():
    receipt = made.render(documents.receipt())
    text = text_of(receipt.pdf)
    assert receipt.xml == b""
    assert "Paid on 28 November 2026 with Visa 4242" in text
    assert "no invoice" in text
    assert b"factur-x.xml" not in receipt.pdf


def test_long_invoices_repeat_the_head_and_count_their_pages():
    many = documents.lines() * 12
    tax = made.Tax("S", many[0].rate, 20428 * 12, 46576)
    content = made.render(documents.invoice(lines=many, taxes=(tax,))).pdf
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) == 3
    assert all("Menge" in page for page in pages)
    assert "Seite 2 von 3" in pages[1]


def test_what_a_customer_wrote_is_text_and_no_markup():
    buyer = made.Buyer(name="#panic() *School* $x$ <b>", country="DE", line1="@ref")
    assert "#panic() *School* $x$ <b>" in text_of(made.render(documents.invoice(buyer=buyer)).pdf)


def test_the_code_for_banking_apps_is_for_transfers_in_euros():
    assert giro_code(documents.invoice())
    assert giro_code(documents.invoice(currency="usd")) == []
    assert giro_code(documents.reverse_charge()) == []


def test_every_language_says_the_same_things():
    folder = Path(words.__file__).with_name("words")
    said = {path.stem: tomllib.loads(path.read_text()) for path in folder.glob("*.toml")}
    holes = {
        language: {name: sorted(re.findall(r"{\w+}", text)) for name, text in texts.items()}
        for language, texts in said.items()
    }
    assert len(said) == 4
    assert all(of == holes["en"] for of in holes.values())


@pytest.mark.parametrize(
    ("country", "language"), [("AT", "de"), ("FR", "fr"), ("ES", "es"), ("IE", "en"), ("US", "en")]
)
def test_documents_speak_the_language_of_the_buyers_offices(country, language):
    assert words.language_of(country) == language


def test_amounts_are_written_as_they_are_where_the_buyer_is():
    assert draw_up(documents.invoice())["total"] == ["Zu zahlen", "233,09\xa0€"]
    assert draw_up(documents.outside())["total"][1] == "€194.28"
