from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.payments.documents import BadDocument, Buyer, Period, Tax, freeze, render, rules, thaw
from tests.factories import documents

INVOICE = documents.invoice()
LINE = INVOICE.lines[0]
BROKEN = {
    "BR-02": documents.invoice(number=""),
    "BR-07": documents.invoice(buyer=Buyer(name="", country="DE")),
    "BR-11": documents.invoice(buyer=Buyer(name="School", country="")),
    "BR-16": documents.invoice(lines=(), taxes=()),
    "BR-25": documents.invoice(lines=(replace(LINE, description=" "),)),
    "BR-27": documents.invoice(lines=(replace(LINE, unit_amount=Decimal(-1)),)),
    "BR-30": documents.invoice(
        lines=(replace(LINE, period=Period(date(2026, 2, 1), date(2026, 1, 1))),)
    ),
    "BR-CO-09": documents.invoice(buyer=replace(documents.GERMAN, vat_id="123")),
    "BR-CO-17": documents.invoice(taxes=(Tax("S", Decimal(19), 20428, 3884),)),
    "BR-CO-18": documents.invoice(taxes=INVOICE.taxes * 2),
    "BR-CO-25": documents.invoice(due_on=None),
    "BR-CO-26": documents.invoice(
        seller=replace(documents.SELLER, vat_id="", tax_number="", register="")
    ),
    "BR-S-02": documents.invoice(seller=replace(documents.SELLER, vat_id="", tax_number="")),
    "BR-S-08": documents.invoice(taxes=(Tax("S", Decimal(19), 20427, 3881),)),
    "BR-AE-02": replace(documents.reverse_charge(), buyer=documents.GERMAN),
    "BR-AE-09": replace(
        documents.reverse_charge(), taxes=(Tax("AE", Decimal(0), 20428, 1),)
    ),
    "BR-O-11": documents.invoice(
        lines=(*documents.lines(), *documents.lines("O", "0")),
        taxes=(*INVOICE.taxes, Tax("O", Decimal(0), 20428, 0)),
    ),
    "BR-55": documents.credit_note(reference=None),
    "BR-61": documents.invoice(seller=replace(documents.SELLER, iban="")),
    "RECEIPT": replace(documents.receipt(), payment=None),
}  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named_and_nothing_is_made(rule):
    with pytest.raises(BadDocument) as caught:
        render(BROKEN[rule])
    assert rule in {violation.rule for violation in caught.value.violations}


@pytest.mark.parametrize("name", documents.ISSUED)
def test_good_documents_break_none_and_come_back_from_their_snapshot(name):
    document = documents.ISSUED[name]()
    rules.check(document)
    assert thaw(freeze(document)) == document


def test_tax_may_be_off_by_what_rounding_each_line_makes():
    rules.check(documents.invoice(taxes=(Tax("S", Decimal(19), 20428, 3883),)))
