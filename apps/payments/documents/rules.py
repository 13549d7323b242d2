"""EN 16931's business rules, as far as a document of ours can break them.

https://github.com/ConnectingEurope/eInvoicing-EN16931 has them as Schematron, which the tests run;
this is what stands between a wrong document and a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from apps.payments.documents.content import Category, Document, Tax
from apps.payments.documents.errors import BadDocument, Violation

Rule = Callable[[Document], Iterator[Violation]]
NOT_CHARGED: Final[frozenset[Category]] = frozenset({"AE", "Z", "E", "G", "O"})


def check(document: Document) -> None:
    """Raises `BadDocument` with everything that is wrong."""
    violations = [one for rule in RULES for one in rule(document)]
    if violations:
        raise BadDocument(violations)


def _mandatory(document: Document) -> Iterator[Violation]:
    seller, buyer = document.seller, document.buyer
    wanted = {
        ("BR-02", "number"): document.number,
        ("BR-05", "currency"): document.currency,
        ("BR-06", "seller's name"): seller.name,
        ("BR-07", "buyer's name"): buyer.name,
        ("BR-08", "seller's address"): seller.line1 and seller.postal_code and seller.city,
        ("BR-09", "seller's country"): seller.country,
        ("BR-11", "buyer's country"): buyer.country,
        ("BR-16", "line"): document.lines,
    }
    for (rule, name), value in wanted.items():
        if not value:
            yield Violation(rule, f"a document needs a {name}")


def _lines(document: Document) -> Iterator[Violation]:
    for number, line in enumerate(document.lines, 1):
        if not line.description.strip():
            yield Violation("BR-25", f"line {number} says not what it is for")
        if line.unit_amount is not None and line.unit_amount < 0:
            yield Violation("BR-27", f"line {number} has a negative price; negate its quantity")
        if line.period and line.period.end < line.period.start:
            yield Violation("BR-30", f"line {number} ends before it begins")


def _identity(document: Document) -> Iterator[Violation]:
    seller = document.seller
    if not (seller.vat_id or seller.register or seller.tax_number):
        yield Violation("BR-CO-26", "the seller needs a VAT number, a register or a tax number")
    for owner, number in (("seller", seller.vat_id), ("buyer", document.buyer.vat_id)):
        if number and not number[:2].isalpha():
            yield Violation("BR-CO-09", f"the {owner}'s VAT number begins with its country")


def _breakdown(document: Document) -> Iterator[Violation]:
    """BR-CO-14 and -15 hold by themselves: both totals are sums of what is checked here."""
    wanted = document.basis()
    found = {(tax.category, tax.rate): tax.basis for tax in document.taxes}
    if len(found) != len(document.taxes):
        yield Violation("BR-CO-18", "a category and rate stands in the breakdown twice")
    for key in wanted.keys() | found.keys():
        if wanted.get(key) != found.get(key):
            text = f"{key[0]} {key[1]} %: {found.get(key)} is not the lines' {wanted.get(key)}"
            yield Violation(f"BR-{key[0]}-08", text)
    for tax in document.taxes:
        yield from _calculation(document, tax)


def _calculation(document: Document, tax: Tax) -> Iterator[Violation]:
    """Stripe rounds the tax of each line: up to half a minor unit a line is no mistake."""
    if tax.category in NOT_CHARGED and (tax.rate or tax.amount):
        yield Violation(f"BR-{tax.category}-09", "no VAT is charged in this category")
    if tax.category == "S" and tax.rate <= 0:
        yield Violation("BR-S-05", "the standard rate is above zero")
    exact = Decimal(tax.basis) * tax.rate / 100
    off = abs(exact.quantize(Decimal(1), ROUND_HALF_UP) - tax.amount)
    if off > (len(document.lines) + 1) // 2:
        yield Violation("BR-CO-17", f"{tax.rate} % of {tax.basis} is not {tax.amount}")


def _categories(document: Document) -> Iterator[Violation]:
    seller, buyer, used = document.seller, document.buyer, document.categories
    for category in sorted(used & {"S", "Z", "E", "G", "AE"}):
        if not (seller.vat_id or (seller.tax_number and category != "G")):
            yield Violation(f"BR-{category}-02", "the seller's VAT number is missing")
    if "AE" in used and not buyer.vat_id:
        yield Violation("BR-AE-02", "reverse charge needs the buyer's VAT number")
    if "O" in used and len(used) > 1:
        yield Violation("BR-O-11", "what is outside the scope of VAT stands on its own document")


def _payment(document: Document) -> Iterator[Violation]:
    if document.kind == "invoice" and document.due > 0 and document.due_on is None:
        yield Violation("BR-CO-25", "what is to be paid needs a date")
    if document.means == "transfer" and not document.account.iban:
        yield Violation("BR-61", "a transfer needs an IBAN")
    if document.kind == "credit_note" and document.reference is None:
        yield Violation("BR-55", "a credit note names its invoice")
    if document.kind == "receipt" and not (document.reference and document.payment):
        yield Violation("RECEIPT", "a receipt names its invoice and what was paid")


RULES: Final[tuple[Rule, ...]] = (
    _mandatory, _lines, _identity, _breakdown, _categories, _payment,
)  # fmt: skip
