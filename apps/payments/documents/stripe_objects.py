"""Documents out of Stripe's invoices and credit notes as fetched, in the shapes of `dahlia`.

https://docs.stripe.com/api/invoices/object and ../credit_notes/object. What Stripe froze when it
finalised an invoice (name, address, tax ids, lines, taxes) is what the document says; nothing of it
follows from when it was fetched, so an invoice that was paid meanwhile gives the same document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from apps.payments import taxes
from apps.payments.documents.content import (
    BankAccount,
    Buyer,
    Category,
    Document,
    Line,
    Period,
    Reference,
    Seller,
    Settlement,
    Tax,
)
from apps.payments.documents.errors import BadDocument, Violation
from apps.payments.documents.words import language_of
from apps.payments.stripe_values import day

Object = Mapping[str, Any]
Rates = Mapping[str, Object]
# `12 (times) School (at €149.00 / month)`: quantity and price have columns of their own.
DESCRIBED: Final = re.compile(r"[\d.,]+ \u00d7 (?P<name>.+) \((?:at|tiered)\b.*\)")
# https://docs.stripe.com/api/invoices/object#invoice_object-total_taxes-taxability_reason
REASONS: Final[dict[str, Category]] = {
    "customer_exempt": "E",
    "not_subject_to_tax": "O",
    "product_exempt": "E",
    "product_exempt_holiday": "E",
    "reverse_charge": "AE",
    "zero_rated": "Z",
}
KINDS: Final[dict[str, Category]] = {"reverse_charge": "AE", "outside": "O"}


def from_invoice(
    data: Object,
    *,
    seller: Seller,
    customer: Buyer,
    rates: Rates,
    payee: BankAccount | None = None,
    purchase_order: str = "",
) -> Document:
    """Of a final invoice. `customer` stands in where Stripe was told nothing; `rates` are Stripe's
    tax rates by id; `payee` is the account for this customer's transfers.

    Raises `BadDocument` where it would come to another total than Stripe's.
    """
    buyer = _buyer(data, customer, seller)
    names = _discounts(data)
    lines = tuple(
        replace(
            _line(one, seller, buyer, rates),
            discount_name=", ".join(_names_on(one, names)),
        )
        for one in data["lines"]["data"]
    )
    issued = day(data["status_transitions"]["finalized_at"] or data["created"])
    made = Document(
        kind="invoice",
        number=data["number"],
        issued_on=issued,
        currency=data["currency"],
        language=language_of(buyer.country),
        seller=seller,
        buyer=buyer,
        lines=lines,
        taxes=_together(data["lines"]["data"], lines),
        payee=payee,
        purchase_order=_ordered_by(data) or purchase_order,
        pay_url=data.get("hosted_invoice_url") or "",
        notes=tuple(one for one in (data.get("description"), data.get("footer")) if one),
    )
    # A credit note before the payment lessens `amount_due` later.
    due = data["amount_due"] + data["pre_payment_credit_notes_amount"]
    by_transfer = data["collection_method"] == "send_invoice" and bool(made.account.iban)
    made = replace(
        made,
        prepaid=made.total - due,
        due_on=day(data["due_date"]) if data["due_date"] else issued,
        means="none" if due <= 0 else "transfer" if by_transfer else "automatic",
    )
    return _agreeing(made, data)


def from_credit_note(data: Object, *, invoice: Document, rates: Rates) -> Document:
    """Of a credit note on `invoice`, to whom and from whom that was. Raises as `from_invoice`."""
    given = data["lines"]["data"]
    lines = tuple(_line(one, invoice.seller, invoice.buyer, rates) for one in given)
    made = replace(
        invoice,
        kind="credit_note",
        number=data["number"],
        issued_on=day(data["effective_at"] or data["created"]),
        lines=lines,
        taxes=_together(given, lines),
        due_on=None,
        means="none",
        payee=None,
        prepaid=0,
        reference=Reference(invoice.number, invoice.issued_on),
        settlement=_settlement(data),
        pay_url="",
        notes=(data["memo"],) if data["memo"] else (),
    )
    return _agreeing(made, data)


def rate_ids(data: Object) -> set[str]:
    """The tax rates that an object's lines name."""
    return {
        tax["tax_rate_details"]["tax_rate"]
        for line in data["lines"]["data"]
        for tax in line["taxes"] or ()
        if tax.get("tax_rate_details")
    }


def _agreeing(made: Document, data: Object) -> Document:
    if made.total != data["total"]:
        text = f"it comes to {made.total}, at Stripe to {data['total']}"
        raise BadDocument([Violation("STRIPE", text)])
    return made


def _buyer(data: Object, customer: Buyer, seller: Seller) -> Buyer:
    """As Stripe froze it: an address counts as a whole or not at all."""
    address = data.get("customer_address") or {}
    numbers = [one["value"] for one in data.get("customer_tax_ids") or () if one["value"]]
    found = customer
    if address.get("country") or address.get("line1"):
        fields = ("line1", "line2", "postal_code", "city", "state", "country")
        found = replace(customer, **{name: address.get(name) or "" for name in fields})
    return replace(
        found,
        name=data.get("customer_name") or customer.name,
        email=data.get("customer_email") or customer.email,
        country=found.country or seller.country,
        vat_id=taxes.normalised(numbers[0] if numbers else customer.vat_id),
    )


def _line(data: Object, seller: Seller, buyer: Buyer, rates: Rates) -> Line:
    inclusive = sum(
        one["amount"] for one in data["taxes"] or () if one["tax_behavior"] == "inclusive"
    )
    discount = sum(one["amount"] for one in data["discount_amounts"] or ())
    category, rate = _tax_of(data, seller, buyer, rates)
    quantity = Decimal(data.get("quantity_decimal") or data.get("quantity") or 1)
    amount = data["amount"] - inclusive
    return Line(
        description=_described(data["description"] or ""),
        quantity=quantity,
        amount=amount,
        category=category,
        rate=rate,
        discount=discount,
        unit_amount=_unit_amount(data, quantity, amount),
        period=_period(data.get("period")),
    )


def _discounts(data: Object) -> dict[str, str]:
    """Names of coupons by the discount's id, of discounts that were fetched along."""
    fetched = [one for one in data.get("discounts") or () if isinstance(one, Mapping)]
    coupons = {one["id"]: (one.get("source") or {}).get("coupon") for one in fetched}
    return {
        ident: coupon.get("name") or ""
        for ident, coupon in coupons.items()
        if isinstance(coupon, Mapping)
    }


def _names_on(line: Object, names: Mapping[str, str]) -> list[str]:
    found = (names.get(one["discount"], "") for one in line["discount_amounts"] or ())
    return [name for name in dict.fromkeys(found) if name]


def _described(text: str) -> str:
    found = DESCRIBED.fullmatch(text)
    return found["name"] if found else text or "\N{EN DASH}"


def _unit_amount(data: Object, quantity: Decimal, amount: int) -> Decimal | None:
    """The price of one where quantity times price is the amount, as it is not for parts of a
    period, tiers, and what is given back.
    """
    told = (data.get("pricing") or data).get("unit_amount_decimal")
    if told is None:
        return None
    price = Decimal(str(told))
    return price if price >= 0 and price * quantity == amount else None


def _tax_of(data: Object, seller: Seller, buyer: Buyer, rates: Rates) -> tuple[Category, Decimal]:
    """EN 16931 has one category a line. What says nothing of taxes is judged by who buys."""
    charged = [one for one in data["taxes"] or () if one["taxability_reason"] not in REASONS]
    percentage = sum((_percentage(one, rates) for one in charged), Decimal(0))
    if percentage:
        return "S", percentage
    # Whether the number counted was decided when no tax was put on the bill.
    kind = taxes.decide(
        seller=seller.country, country=buyer.country, vat_id=buyer.vat_id, verification="verified"
    ).kind
    named = [REASONS.get(one["taxability_reason"]) for one in data["taxes"] or ()]
    category = KINDS.get(kind) or next((one for one in named if one), None)
    if category == "AE" and not buyer.vat_id:
        category = "E"
    return category or ("Z" if data["taxes"] else "E"), Decimal(0)


def _percentage(tax: Object, rates: Rates) -> Decimal:
    rate = rates[tax["tax_rate_details"]["tax_rate"]]
    return Decimal(str(rate["percentage"]))


def _together(given: Sequence[Object], lines: Sequence[Line]) -> tuple[Tax, ...]:
    """The taxes of the lines by category and rate, in the order of the lines."""
    basis: dict[tuple[Category, Decimal], int] = defaultdict(int)
    amounts: dict[tuple[Category, Decimal], int] = defaultdict(int)
    for data, line in zip(given, lines, strict=True):
        basis[line.category, line.rate] += line.net
        charged = sum(one["amount"] for one in data["taxes"] or ())
        amounts[line.category, line.rate] += charged
    return tuple(Tax(*key, basis[key], amounts[key]) for key in basis)


def _period(period: Object | None) -> Period | None:
    """Stripe's end is the first moment that is no longer in it."""
    if not period:
        return None
    start, end = period["start"], period["end"]
    return Period(day(start), day(max(start, end - 1)))


def _ordered_by(data: Object) -> str:
    """The order number among the invoice's own fields."""
    fields = data.get("custom_fields") or ()
    found = (one["value"] for one in fields if "order" in one["name"].casefold())
    return next(found, "")


def _settlement(data: Object) -> Settlement:
    if data["type"] == "pre_payment":
        return "reduces"
    if data.get("refunds"):
        return "refunded"
    return "balance" if data.get("customer_balance_transaction") else ""
