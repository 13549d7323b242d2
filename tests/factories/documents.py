"""Invoices, credit notes and receipts as `apps.payments.documents` takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from apps.payments.documents import (
    Buyer,
    Document,
    Line,
    Payment,
    Period,
    Reference,
    Seller,
    Tax,
)
from apps.payments.documents.content import Category

SELLER = Seller(
    name="ToolBoxAI GmbH",
    line1="Beispielstraße 1",
    postal_code="10115",
    city="Berlin",
    country="DE",
    vat_id="DE123456788",
    tax_number="29/123/45678",
    register="HRB 12345 B, Amtsgericht Charlottenburg",
    email="billing@toolboxai.example",
    phone="+49 30 1234567",
    iban="DE89370400440532013000",
    bic="COBADEFFXXX",
)
GERMAN = Buyer(
    name="Gymnasium am Königsplatz",
    country="DE",
    line1="Schulstraße 7",
    postal_code="80333",
    city="München",
    email="kasse@schule.example",
)
FRENCH = Buyer(
    name="Collège Jean Moulin",
    country="FR",
    line1="12 rue des Écoles",
    postal_code="75005",
    city="Paris",
    vat_id="FR40303265045",
)
AMERICAN = Buyer(
    name="Lincoln Middle School",
    country="US",
    line1="1 Main St",
    city="Springfield",
    state="IL",
    postal_code="62701",
)
MONTH = Period(date(2026, 11, 27), date(2026, 12, 27))


def lines(category: Category = "S", rate: str = "19") -> tuple[Line, ...]:
    """A plan with a discount, seats, a part that is given back and what was used: 204.28."""
    tax: dict[str, Any] = {"category": category, "rate": Decimal(rate), "period": MONTH}
    return (
        Line(
            "School",
            Decimal(1),
            14900,
            **tax,
            unit_amount=Decimal(14900),
            discount=1490,
            discount_name="WELCOME10",
        ),
        Line("School seats", Decimal(12), 6000, **tax, unit_amount=Decimal(500)),
        Line("Unused time on Starter", Decimal(3), -1450, **tax),
        Line("Deployments", Decimal(1234), 2468, **tax, unit_amount=Decimal(2)),
    )


def invoice(**changes: Any) -> Document:
    """By transfer, 19 % VAT, 10.00 of it from the balance."""
    made = Document(
        kind="invoice",
        number="TBX-0042",
        issued_on=date(2026, 11, 27),
        currency="eur",
        language="de",
        seller=SELLER,
        buyer=GERMAN,
        lines=lines(),
        taxes=(Tax("S", Decimal(19), 20428, 3881),),
        due_on=date(2026, 12, 27),
        means="transfer",
        prepaid=1000,
        purchase_order="04011000-12345-03",
        pay_url="https://pay.example/i/1",
    )
    return replace(made, **changes)


def untaxed(category: Category, **changes: Any) -> Document:
    tax = Tax(category, Decimal(0), 20428, 0)
    return invoice(lines=lines(category, "0"), taxes=(tax,), **changes)


def reverse_charge() -> Document:
    return untaxed("AE", buyer=FRENCH, language="fr", means="automatic")


def outside() -> Document:
    return untaxed("O", buyer=AMERICAN, language="en", purchase_order="PO-77")


def credit_note(**changes: Any) -> Document:
    return invoice(
        **{
            "kind": "credit_note",
            "number": "TBX-0042-CN-01",
            "language": "es",
            "reference": Reference("TBX-0042", date(2026, 11, 27)),
            "settlement": "refunded",
            "means": "none",
            "due_on": None,
            "prepaid": 0,
        }
        | changes
    )


def receipt() -> Document:
    return invoice(
        kind="receipt",
        due_on=None,
        language="en",
        reference=Reference("TBX-0042", date(2026, 11, 27)),
        payment=Payment(date(2026, 11, 28), 23309, "Visa 4242"),
    )


ISSUED: dict[str, Callable[[], Document]] = {
    "standard": invoice,
    "reverse charge": reverse_charge,
    "outside": outside,
    "zero": lambda: untaxed("Z"),
    "exempt": lambda: untaxed("E"),
    "export": lambda: untaxed("G", buyer=AMERICAN),
    "credit note": credit_note,
}
