"""What an invoice comes to: lines, less discounts, plus taxes; every sum exact.

https://docs.stripe.com/invoicing/taxes/tax-rates: taxes are rounded per line, after discounts.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import coupons, money, tax_ids, tax_rates
from sandbox.stripe.answers import Document
from sandbox.stripe.store import Store

LEAST = 50
EXEMPT = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


def settle(store: Store, invoice: Document) -> Document:
    """Work everything out anew from the lines, the discounts and the customer as they are."""
    lines = invoice["lines"]["data"]
    _discount(store, invoice, lines)
    _tax(store, invoice, lines)
    exclusive = _sum(invoice["total_taxes"], tax_behavior="exclusive")
    inclusive = _sum(invoice["total_taxes"], tax_behavior="inclusive")
    subtotal = sum(line["amount"] for line in lines)
    less = sum(one["amount"] for one in invoice["total_discount_amounts"])
    total = subtotal - less + exclusive
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": total - exclusive - inclusive,
    }
    return _owe(store, invoice)


def _owe(store: Store, invoice: Document) -> Document:
    """What is left to pay once the customer's balance has its part."""
    customer = store.get(invoice["customer"], "customer")
    if invoice["status"] == "draft":
        invoice["starting_balance"] = customer["balance"]
    starting = invoice["starting_balance"]
    due = max(invoice["total"] + starting, 0) if invoice["total"] >= 0 else 0
    if due < LEAST:  # too little to charge: it stays on the balance
        due = 0
    invoice["ending_balance"] = starting + invoice["total"] - due
    invoice |= {"amount_due": due, "amount_remaining": due - invoice["amount_paid"]}
    return invoice


def _sum(taxes: list[Document], **wanted: Any) -> int:
    fitting = [tax for tax in taxes if all(tax[key] == one for key, one in wanted.items())]
    return sum(tax["amount"] for tax in fitting)


def _discount(store: Store, invoice: Document, lines: list[Document]) -> None:
    for line in lines:
        line |= {"discount_amounts": [], "subtotal": line["amount"]}
    totals = []
    for discount_id in invoice["discounts"]:
        discount = store.get(discount_id, "discount")
        coupon = coupons.coupon_of(store, discount)
        chosen = [line for line in lines if _is_for(coupon, line)]
        for line, part in zip(chosen, _parts(coupon, chosen), strict=True):
            line["discount_amounts"].append({"amount": part, "discount": discount_id})
        given = sum(line["discount_amounts"][-1]["amount"] for line in chosen)
        totals.append({"amount": given, "discount": discount_id})
    invoice["total_discount_amounts"] = totals


def _is_for(coupon: Document, line: Document) -> bool:
    products = (coupon["_applies_to"] or {}).get("products")
    if not line["discountable"] or line["amount"] <= 0:
        return False
    return products is None or line["pricing"]["price_details"]["product"] in products


def _parts(coupon: Document, lines: list[Document]) -> list[int]:
    left = [net(line) for line in lines]
    if coupon["percent_off"] is not None:
        return [money.percent(amount, coupon["percent_off"]) for amount in left]
    return money.spread(min(coupon["amount_off"], sum(left)), left)


def net(line: Document) -> int:
    """A line's amount less its discounts."""
    return int(line["amount"] - sum(one["amount"] for one in line["discount_amounts"]))


def _tax(store: Store, invoice: Document, lines: list[Document]) -> None:
    customer = store.get(invoice["customer"], "customer")
    exemption = _exemption(store, invoice, customer)
    for line in lines:
        rates = _rates(store, invoice, customer, line)
        line["taxes"] = [line_tax(rate, net(line), exemption) for rate in rates]
    invoice["total_taxes"] = _together([tax for line in lines for tax in line["taxes"]])
    if invoice["automatic_tax"]["enabled"]:
        known = bool((customer["address"] or {}).get("country"))
        invoice["automatic_tax"]["status"] = "complete" if known else "requires_location_inputs"


def _exemption(store: Store, invoice: Document, customer: Document) -> str | None:
    """A business elsewhere in the EU with a tax id pays its own: reverse charge."""
    if customer["tax_exempt"] in EXEMPT:
        return EXEMPT[customer["tax_exempt"]]
    country = (customer["address"] or {}).get("country")
    is_business = any(one["type"] == "eu_vat" for one in tax_ids.of_customer(store, customer["id"]))
    abroad = country not in (None, tax_rates.HOME)
    automatic = invoice["automatic_tax"]["enabled"]
    return "reverse_charge" if automatic and is_business and abroad else None


def _rates(store: Store, invoice: Document, customer: Document, line: Document) -> list[Document]:
    if invoice["automatic_tax"]["enabled"]:
        return tax_rates.automatic(store, customer)
    ids = line.get("_tax_rates") or [rate["id"] for rate in invoice["default_tax_rates"]]
    return [store.get(rate_id, "tax_rate") for rate_id in ids]


def line_tax(rate: Document, base: int, exemption: str | None) -> Document:
    percentage = 0 if exemption else rate["percentage"]
    if rate["inclusive"]:
        amount = base - money.share(base, 1000, 1000 + round(percentage * 10))
    else:
        amount = money.percent(base, percentage)
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": exemption or "standard_rated",
        "taxable_amount": 0 if exemption else base - (amount if rate["inclusive"] else 0),
        "type": "tax_rate_details",
    }


def _together(taxes: list[Document]) -> list[Document]:
    """One entry per tax rate, the sum of its lines'."""
    found: dict[str, Document] = {}
    for tax in taxes:
        rate = tax["tax_rate_details"]["tax_rate"]
        if rate not in found:
            found[rate] = tax | {"tax_rate_details": {"tax_rate": rate}}
            continue
        found[rate]["amount"] += tax["amount"]
        found[rate]["taxable_amount"] += tax["taxable_amount"]
    return list(found.values())
