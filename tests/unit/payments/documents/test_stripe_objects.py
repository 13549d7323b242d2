"""What Stripe's invoices say, as documents that people and offices understand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.payments import documents as made
from apps.payments.documents import Sold
from apps.payments.documents.line_texts import of_line
from apps.payments.documents.sheet import draw_up
from tests.factories import documents
from tests.factories.invoices import stripe_invoice

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
SCHOOL, SEATS = Sold("school", "month", ""), Sold("school", "year", "seats")


def invoice(buyer=documents.AMERICAN, **about):
    data = stripe_invoice("TBX-1", AT, **about)
    return made.from_invoice(data, seller=documents.SELLER, customer=buyer, rates={}, prices={})


def line(price, amount, *, proration=False, quantity=1):
    details = {"proration": proration}
    return {
        "amount": amount,
        "quantity": quantity,
        "pricing": {"price_details": {"price": price}, "unit_amount_decimal": "14900"},
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": details,
        },
    }


@pytest.mark.parametrize(
    ("found", "language", "text"),
    [
        (line("price_1", 14_900), "de", "School, monatlich"),
        (line("price_2", 6000, quantity=12), "es", "Personal adicional, School, anual"),
        (line("price_1", -3845, proration=True), "de", "Nicht genutzte Zeit: School, monatlich"),
        (line("price_1", 3845, proration=True), "en", "Remaining time: School, monthly"),
        (line("price_1", 0), "de", "Testphase: School, monatlich"),
        (line("price_of_another", 0), "de", ""),
        ({"amount": 5, "pricing": None, "parent": None}, "de", ""),
    ],
)
def test_lines_are_told_by_their_price_in_the_customers_language(found, language, text):
    assert of_line(found, {"price_1": SCHOOL, "price_2": SEATS}, language) == text


@pytest.mark.parametrize(
    ("buyer", "kind", "number", "shown"),
    [
        (documents.AMERICAN, "us_ein", "12-3456789", ""),
        (made.Buyer("Skole", "NO"), "no_vat", "123456789MVA", "NO123456789MVA"),
        (documents.FRENCH, "eu_vat", "FR40303265045", "FR40303265045"),
    ],
)
def test_only_vat_numbers_are_named_with_their_country(buyer, kind, number, shown):
    address = {"country": buyer.country, "line1": "1 Main St"}
    held = [{"type": kind, "value": number}]
    found = invoice(buyer, customer_address=address, customer_tax_ids=held)
    assert found.buyer.vat_id == shown
    made.check(found)


@pytest.mark.parametrize(
    ("amount", "about", "said"),
    [
        (2900, {"amount_due": 1900, "ending_balance": 0}, ["From your balance", "-€10.00"]),
        (2900, {"amount_due": 3900, "ending_balance": 0}, ["Carried over", "€10.00"]),
        (30, {"amount_due": 0, "ending_balance": 30}, ["Added to your next invoice", "-€0.30"]),
        (-500, {"amount_due": 0, "ending_balance": -500}, ["Added to your balance", "€5.00"]),
    ],
)
def test_what_became_of_the_balance_is_called_by_its_name(amount, about, said):
    found = invoice(amount=amount, **about)
    made.check(found)
    name, shown = draw_up(found)["sums"][-1]
    assert name.startswith(said[0])
    assert shown == said[1]


def test_meters_of_which_nothing_was_used_are_left_out():
    data = stripe_invoice("TBX-1", AT)
    (plan,) = data["lines"]["data"]
    unused = plan | {"amount": 0, "quantity": 0, "description": "0 of Mails"}
    found = invoice(lines={"data": [plan, unused]})
    assert [one.description for one in found.lines] == ["Starter"]
    (alone,) = invoice(amount=0, lines={"data": [unused]}).lines
    assert alone.quantity == 0


def test_a_copy_of_what_is_void_says_so_and_carries_nothing_to_be_booked():
    copy = documents.invoice(voided_on=AT.date(), means="none")
    sheet = draw_up(copy)
    assert sheet["title"] == "Rechnung (storniert)"
    assert "27. November 2026 storniert" in sheet["void"].replace("\xa0", " ")
    assert sheet["payment"] == {"text": ""}
    assert sheet["einvoice"] == made.render(copy).xml.decode() == ""
