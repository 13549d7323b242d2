"""Lines of invoices: of a period, of use, of what changed in between, of one's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.stripe import identifiers, money
from sandbox.stripe.answers import Document, complete
from sandbox.stripe.store import Store

TIMES, MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"


def line(currency: str, amount: int, **about: Any) -> Document:
    """`about`: description, period (start, end), price, quantity, parent, and more keys."""
    price = about.pop("price", None)
    start, end = about.pop("period")
    made = {
        "id": identifiers.new("il"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": False,
        "metadata": {},
        "period": {"start": start, "end": end},
        "pretax_credit_amounts": [],
        "pricing": pricing_of(price) if price else None,
        "quantity": 1,
        "subtotal": amount,
        "taxes": [],
        **about,
    }
    return complete(made)


def pricing_of(price: Document) -> Document:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def name_of(store: Store, price: Document) -> str:
    product = store.find(price["product"]) or {}
    return str(price["nickname"] or product.get("name") or price["id"])


def from_subscription(subscription_id: str, item: Document, **more: Any) -> Document:
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": more.get("invoice_item"),
            "proration": more.get("proration", False),
            "proration_details": {"credited_items": None},
            "subscription": subscription_id,
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def of_period(
    store: Store, subscription: Document, item: Document, *, trial: bool, part: tuple[int, int]
) -> Document:
    """A licensed item's period in advance. `part`: how much of a full one it is (1, 1)."""
    price, quantity = item["price"], item["quantity"] or 0
    amount = 0 if trial else money.share(money.amount_of(price, quantity), *part)
    name = name_of(store, price)
    text = f"Trial period for {name}" if trial else f"{quantity} {TIMES} {name} ({priced(price)})"
    return line(
        price["currency"],
        amount,
        description=text,
        period=(item["current_period_start"], item["current_period_end"]),
        price=price,
        quantity=quantity,
        parent=from_subscription(subscription["id"], item),
        subscription=subscription["id"],
        metadata=subscription["metadata"],
        _tax_rates=[rate["id"] for rate in item["tax_rates"]],
    )


def of_use(store: Store, subscription: Document, item: Document, used: int) -> Document:
    """A metered item's period in arrears."""
    price = item["price"]
    return line(
        price["currency"],
        money.amount_of(price, used),
        description=f"{used} {TIMES} {name_of(store, price)} ({priced(price)})",
        period=(item["current_period_start"], item["current_period_end"]),
        price=price,
        quantity=used,
        parent=from_subscription(subscription["id"], item),
        subscription=subscription["id"],
        _tax_rates=[rate["id"] for rate in item["tax_rates"]],
    )


def of_invoice_item(item: Document, invoice_id: str) -> Document:
    """A pending invoice item that an invoice took in."""
    about = item["parent"]
    parent = {
        "invoice_item_details": {
            "invoice_item": item["id"],
            "proration": item["proration"],
            "proration_details": {"credited_items": None},
            "subscription": None,
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
    if about:
        held = about["subscription_details"]
        details = from_subscription(
            held["subscription"],
            {"id": held["subscription_item"]},
            invoice_item=item["id"],
            proration=item["proration"],
        )
        parent = details
    made = line(
        item["currency"],
        item["amount"],
        description=item["description"],
        discountable=item["discountable"],
        period=(item["period"]["start"], item["period"]["end"]),
        quantity=item["quantity"],
        parent=parent,
        invoice=invoice_id,
        metadata=item["metadata"],
        subscription=item["_subscription"],
        _tax_rates=[rate["id"] for rate in item["tax_rates"] or []],
    )
    made["pricing"] = item["pricing"]
    return made


def amount_shown(amount: int | Decimal, currency: str) -> str:
    """`€19.00`; of less than a cent as many digits as it takes, `€0.001`."""
    signs = {"eur": "€", "usd": "$", "gbp": "£"}
    sign = signs.get(currency, f"{currency.upper()} ")
    whole = abs(Decimal(amount)) / 100
    shown = f"{whole:,.2f}" if whole == round(whole, 2) else f"{whole.normalize():,f}"
    return f"{MINUS if amount < 0 else ''}{sign}{shown}"


def priced(price: Document) -> str:
    """`at €19.00 / month`, as lines and pages show it."""
    recurring = price["recurring"]
    each = ""
    if recurring:
        count, unit = recurring["interval_count"], recurring["interval"]
        each = f" / {unit}" if count == 1 else f" every {count} {unit}s"
    if price["billing_scheme"] == "tiered":
        return f"tiered{each}"
    return f"at {amount_shown(Decimal(price['unit_amount_decimal']), price['currency'])}{each}"


def priced_by_use(price: Document) -> str:
    """`€0.001 per unit, charged by use`, as Checkout shows what is metered."""
    if price["unit_amount_decimal"] is None:
        return "charged by use"
    unit = amount_shown(Decimal(price["unit_amount_decimal"]), price["currency"])
    return f"{unit} per unit, charged by use"
