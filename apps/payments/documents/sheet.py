"""A document as a person reads it: every string of the page, in its language and number format.

What is said where is decided here; `design.typ` only sets it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import qrcode
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from apps.core.money import decimal
from apps.payments.documents.content import Buyer, Document, Line, Period, Seller, Tax
from apps.payments.documents.words import exemption, words

NARROW_SPACE, HARD_SPACE = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
COLUMNS: Final = ("description", "quantity", "unit_price", "vat", "amount")
_EPC: Final = ("BCD", "002", "1", "SCT")


class _Formats:
    """Numbers and dates as they are written where the buyer is."""

    def __init__(self, document: Document) -> None:
        self.currency = document.currency
        self.locale = _locale(document.language, document.buyer.country)

    def money(self, minor: int) -> str:
        amount = decimal(minor, self.currency)
        return _hard(format_currency(amount, self.currency.upper(), locale=self.locale))

    def price(self, minor: Decimal) -> str:
        """Of one, with as many digits as it has: 0.4 cents are 0,004 €."""
        amount = minor.scaleb(-2) * decimal(100, self.currency)
        return _hard(
            format_currency(
                amount, self.currency.upper(), locale=self.locale, decimal_quantization=False
            )
        )

    def quantity(self, value: Decimal) -> str:
        return _hard(format_decimal(value, locale=self.locale))

    def percent(self, value: Decimal) -> str:
        return _hard(format_percent(value / 100, locale=self.locale, decimal_quantization=False))

    def day(self, day: date) -> str:
        return _hard(format_date(day, "long", locale=self.locale))

    def short(self, day: date) -> str:
        return _hard(format_date(day, "medium", locale=self.locale))

    def period(self, period: Period) -> str:
        if period.start == period.end:
            return self.short(period.start)
        return f"{self.short(period.start)} \N{EN DASH} {self.short(period.end)}"

    def country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))


def _locale(language: str, country: str) -> Locale:
    # English in a country without an own one is written as in Ireland: days first, euros in front.
    for name in (f"{language}_{country}", f"{language}_IE", language):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(language)


def _hard(text: str) -> str:
    """The font has no narrow space, and a number is never broken."""
    return text.replace(NARROW_SPACE, HARD_SPACE).replace(" ", HARD_SPACE)


def draw_up(document: Document) -> dict[str, Any]:
    """What the design takes."""
    say, formats = words(document.language), _Formats(document)
    shown = document.kind != "receipt"
    void = document.voided_on
    return {
        "language": document.language,
        "region": document.buyer.country,
        "title": f"{say[document.kind]} ({say['void']})" if void else say[document.kind],
        "name": f"{say[document.kind]} {document.number}",
        "void": say["void_note"].format(day=formats.day(void)) if void else "",
        "sender": _sender(document.seller),
        "seller_name": document.seller.name,
        "recipient_label": say["billed_to"],
        "recipient": _recipient(document, formats),
        "facts": _facts(document, say, formats),
        "columns": [say[name] for name in COLUMNS],
        "lines": [_line(line, say, formats) for line in document.lines] if shown else [],
        "sums": _sums(document, say, formats) if shown else [],
        "total": _total(document, say, formats),
        "notes": _notes(document, say),
        "payment": _payment(document, say, formats),
        "foot": _foot(document, say, formats),
        "page": say["page"],
        "einvoice": say["einvoice"] if shown and not void else "",
    }  # fmt: skip


def _sender(seller: Seller) -> str:
    parts = (seller.name, seller.line1, f"{seller.postal_code} {seller.city}")
    return "  \N{MIDDLE DOT}  ".join(parts)


def _recipient(document: Document, formats: _Formats) -> list[str]:
    buyer = document.buyer
    abroad = buyer.country != document.seller.country
    lines = [
        buyer.name, buyer.line1, buyer.line2, _town(buyer),
        formats.country(buyer.country) if abroad else "",
    ]  # fmt: skip
    return [line for line in lines if line]


def _town(buyer: Buyer) -> str:
    """The United States and their like write the code behind the town."""
    if buyer.country in {"US", "CA", "AU"}:
        return " ".join(part for part in (buyer.city, buyer.state, buyer.postal_code) if part)
    return " ".join(part for part in (buyer.postal_code, buyer.city) if part)


def _facts(document: Document, say: dict[str, str], formats: _Formats) -> list[list[str]]:
    reference, period, due = document.reference, document.period, document.due_on
    receipt = document.kind == "receipt"
    facts = [
        (say["number"], "" if receipt else document.number),
        (say["reference"], reference.number if reference else ""),
        (say["issued_on"], formats.day(document.issued_on)),
        (say["due_on"], formats.day(due) if due and document.means == "transfer" else ""),
        (say["period"], formats.period(period) if period and not receipt else ""),
        (say["purchase_order"], document.purchase_order),
        (say["buyer_vat_id"], document.buyer.vat_id),
    ]
    return [[name, value] for name, value in facts if value]


def _line(line: Line, say: dict[str, str], formats: _Formats) -> dict[str, Any]:
    discount = f"{say['discount']}: {line.discount_name}" if line.discount_name else say["discount"]
    return {
        "description": line.description,
        "detail": formats.period(line.period) if line.period else "",
        "quantity": formats.quantity(abs(line.quantity)),
        "price": formats.price(line.unit_amount) if line.unit_amount is not None else "",
        "vat": "\N{EN DASH}" if line.category == "O" else formats.percent(line.rate),
        "amount": formats.money(line.amount),
        "discount": [discount, formats.money(-line.discount)] if line.discount else [],
    }


def _sums(document: Document, say: dict[str, str], formats: _Formats) -> list[list[str]]:
    sums = [[say["net"], formats.money(document.net)]]
    sums += [_tax(tax, say, formats) for tax in document.taxes]
    if document.prepaid:
        sums.append([say["total"], formats.money(document.total)])
        sums.append([say[_name_of_balance(document)], formats.money(-document.prepaid)])
    return sums


def _name_of_balance(document: Document) -> str:
    """Documents that are older than `use_of_balance` say it by their sign."""
    used = "used" if document.prepaid > 0 else "debt"
    return f"prepaid_{document.use_of_balance or used}"


def _tax(tax: Tax, say: dict[str, str], formats: _Formats) -> list[str]:
    basis = formats.money(tax.basis)
    if tax.category == "S":
        text = say["taxed"].format(rate=formats.percent(tax.rate), basis=basis)
    else:
        text = say["untaxed"].format(basis=basis)
    return [text, formats.money(tax.amount)]


def _total(document: Document, say: dict[str, str], formats: _Formats) -> list[str]:
    if document.payment:
        return [say["paid"], formats.money(document.payment.amount)]
    return [say[_name_of_total(document)], formats.money(document.due)]


def _name_of_total(document: Document) -> str:
    """Nobody shall transfer what is charged anyway."""
    if document.kind == "credit_note":
        return "credited"
    if document.due <= 0 or document.voided_on:
        return "total"
    return "due" if document.means == "transfer" else "to_be_charged"


def _notes(document: Document, say: dict[str, str]) -> list[str]:
    why = (exemption(tax.category, document.language) for tax in document.taxes)
    if document.kind == "receipt":
        number = document.reference.number if document.reference else ""
        return [say["receipt_note"].format(number=number)]
    return [*dict.fromkeys(text for text in why if text), *document.notes]


def _payment(document: Document, say: dict[str, str], formats: _Formats) -> dict[str, Any]:
    """How it is paid, or what becomes of it."""
    if document.voided_on:
        return {"text": ""}
    if document.payment:
        return {"text": _paid(document, say, formats)}
    if document.kind == "credit_note":
        return {"text": say.get(f"settled_{document.settlement}", "")}
    if document.due <= 0:
        return {"text": say["nothing_due"]}
    if document.means != "transfer":
        return {"text": say["charged"]}
    return _transfer(document, say, formats)


def _paid(document: Document, say: dict[str, str], formats: _Formats) -> str:
    payment = document.payment
    if payment is None:
        return ""
    name = "paid_with" if payment.method else "paid_on"
    return say[name].format(day=formats.day(payment.paid_on), method=payment.method)


def _transfer(document: Document, say: dict[str, str], formats: _Formats) -> dict[str, Any]:
    payee, due = document.account, document.due_on
    by = say["transfer_by"].format(day=formats.day(due)) if due else ""
    rows = [
        (say["holder"], payee.holder if payee.holder != document.seller.name else ""),
        ("IBAN", _in_groups(payee.iban)),
        ("BIC", payee.bic),
        (say["remittance"], document.number),
    ]
    return {
        "text": f"{say['pay_by_transfer']} {by}".strip() + ".",
        "rows": [[name, value] for name, value in rows if value],
        "online": say["or_online"] if document.pay_url else "",
        "url": document.pay_url,
        "scan": say["scan"],
        "code": giro_code(document),
    }


def _in_groups(number: str) -> str:
    return HARD_SPACE.join(number[at : at + 4] for at in range(0, len(number), 4))


def giro_code(document: Document) -> list[list[bool]]:
    """The transfer as a QR code that banking apps read; empty unless it is in euros.

    European Payments Council, EPC069-12, version 2.1.
    """
    payee = document.account
    if document.currency != "eur" or document.means != "transfer":
        return []
    amount = f"EUR{decimal(document.due, document.currency):f}"
    text = "\n".join(
        (*_EPC, payee.bic, payee.holder[:70], payee.iban, amount, "", "", document.number[:140])
    )
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(text.encode())
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


def _foot(document: Document, say: dict[str, str], formats: _Formats) -> list[list[str]]:
    """Who the seller is, in columns. Their account stands there only where one transfers to it."""
    seller = document.seller
    pays_there = document.means == "transfer" and document.payee is None
    columns = [
        [
            seller.name, seller.line1, seller.line2, f"{seller.postal_code} {seller.city}",
            formats.country(seller.country),
        ],
        [seller.email, seller.phone, seller.register],
        [
            f"{say['vat_id']} {seller.vat_id}" if seller.vat_id else "",
            f"{say['tax_number']} {seller.tax_number}" if seller.tax_number else "",
        ],
        [
            _in_groups(seller.iban) if pays_there else "",
            f"BIC {seller.bic}" if seller.bic and pays_there else "",
        ],
    ]  # fmt: skip
    return [kept for column in columns if (kept := [text for text in column if text])]
