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
from apps.payments.documents import line_texts
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
    UseOfBalance,
)
from apps.payments.documents.errors import BadDocument, Violation
from apps.payments.documents.line_texts import Prices
from apps.payments.documents.words import language_of
from apps.payments.stripe_values import day, identity

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
    prices: Prices,
    payee: BankAccount | None = None,
    purchase_order: str = "",
) -> Document:
    """Of a final invoice. `customer` stands in where Stripe was told nothing; `rates` are Stripe's
    tax rates and `prices` those of the catalogue, both by id; `payee` is the account for this
    customer's transfers.

    Raises `BadDocument` where it would come to another total than Stripe's.
    """
    buyer = _buyer(data, customer, seller)
    given, names, language = _billed(data), _discounts(data), language_of(buyer.country)
    lines = []
    for one in given:
        text = line_texts.of_line(one, prices, language) or _described(one)
        lines.append(replace(_line(one, seller, buyer, rates, names), description=text))
    issued = day(data["status_transitions"]["finalized_at"] or data["created"])
    made = Document(
        kind="invoice",
        number=data["number"],
        issued_on=issued,
        currency=data["currency"],
        language=language,
        seller=seller,
        buyer=buyer,
        lines=tuple(lines),
        taxes=_together(given, lines),
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
        use_of_balance=_use_of_balance(data, made.total - due),
        due_on=day(data["due_date"]) if data["due_date"] else issued,
        means="none" if due <= 0 else "transfer" if by_transfer else "automatic",
    )
    return _agreeing(made, data)


def from_credit_note(
    data: Object, *, invoice: Document, billed: Object, rates: Rates, prices: Prices
) -> Document:
    """Of a credit note on `invoice`, to whom and from whom that was; `billed` is what that was made
    of. Raises as `from_invoice`.
    """
    given, names = _billed(data), _discounts(billed)
    originals = {one["id"]: one for one in billed["lines"]["data"]}
    own = line_texts.of_refund(data, invoice.number, invoice.language)
    lines = []
    for one in given:
        of = originals.get(identity(one.get("invoice_line_item")), {})
        text = line_texts.of_line(of, prices, invoice.language) if of else own
        line = _line(one, invoice.seller, invoice.buyer, rates, names)
        period = line.period or _period(of.get("period"))
        lines.append(replace(line, description=text or _described(one), period=period))
    made = replace(
        invoice,
        kind="credit_note",
        number=data["number"],
        issued_on=day(data["effective_at"] or data["created"]),
        lines=tuple(lines),
        taxes=_together(given, lines),
        due_on=None,
        means="none",
        payee=None,
        prepaid=0,
        use_of_balance="",
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
    found = customer
    if address.get("country") or address.get("line1"):
        fields = ("line1", "line2", "postal_code", "city", "state", "country")
        found = replace(customer, **{name: address.get(name) or "" for name in fields})
    return replace(
        found,
        name=data.get("customer_name") or customer.name,
        email=data.get("customer_email") or customer.email,
        country=found.country or seller.country,
        vat_id=_vat_id(data, customer),
    )


def _vat_id(data: Object, customer: Buyer) -> str:
    """Its VAT number with the country in front (BR-CO-09), which Norway leaves out. Other tax
    numbers that Stripe may hold are none.
    """
    held = (one for one in data.get("customer_tax_ids") or () if one["type"] in taxes.STRIPE_TYPES)
    value = next((one["value"] for one in held if one["value"]), customer.vat_id)
    number = taxes.normalised(value)
    return f"NO{number}" if re.fullmatch(r"\d{9}MVA", number) else number


def _billed(data: Object) -> list[Object]:
    """Its lines without meters of which nothing was used, unless there is nothing else."""
    lines: list[Object] = data["lines"]["data"]
    return [one for one in lines if one["amount"] or one.get("quantity") != 0] or lines


def _line(
    data: Object, seller: Seller, buyer: Buyer, rates: Rates, names: Mapping[str, str]
) -> Line:
    """What it says is up to the caller."""
    inclusive = sum(
        one["amount"] for one in data["taxes"] or () if one["tax_behavior"] == "inclusive"
    )
    category, rate = _tax_of(data, seller, buyer, rates)
    told = (data.get("quantity_decimal"), data.get("quantity"))
    quantity = Decimal(next((one for one in told if one is not None), 1))
    amount = data["amount"] - inclusive
    return Line(
        description="",
        quantity=quantity,
        amount=amount,
        category=category,
        rate=rate,
        discount=sum(one["amount"] for one in data["discount_amounts"] or ()),
        discount_name=", ".join(_names_on(data, names)),
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
    given = line["discount_amounts"] or ()
    found = (names.get(identity(one["discount"]), "") for one in given)
    return [name for name in dict.fromkeys(found) if name]


def _described(line: Object) -> str:
    text = line["description"] or ""
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


def _use_of_balance(data: Object, prepaid: int) -> UseOfBalance:
    """What finalising did to the customer's balance, where a minus is credit."""
    if not prepaid:
        return ""
    if prepaid < 0:
        return "kept" if data["total"] < 0 else "debt"
    # Too little to be charged: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
    return "carried" if (data.get("ending_balance") or 0) > 0 else "used"
