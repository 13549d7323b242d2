"""What a Checkout session comes to: the invoice that it would make, made and undone."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import (
    coupons,
    customers,
    invoice_lines,
    invoice_totals,
    invoices,
    money,
    subscriptions,
    tax_ids,
)
from sandbox.stripe.answers import Document, complete
from sandbox.stripe.store import Store


def totals(store: Store, session: Document) -> Document:
    with store.rehearsal():
        customer = session["customer"] or _stranger(store, session)
        if session["mode"] == "subscription":
            wish = subscription_wish(session, customer) | {"_free": True}
            subscription = subscriptions.make(store, wish)
            invoice = subscriptions.first_invoice(store, subscription)
            return _with_one_time(store, session, invoice)
        return one_time_invoice(store, session, customer)


def _stranger(store: Store, session: Document) -> str:
    about = {"address": session.get("_address"), "email": session["customer_email"]}
    customer = customers.with_name(store, about)
    if session.get("_tax_id"):
        tax_ids.add(store, customer, {"type": "eu_vat", "value": session["_tax_id"]})
    return str(customer["id"])


def subscription_wish(session: Document, customer: str) -> dict[str, Any]:
    """Parameters of the subscription that the session makes."""
    about = session["_about"]["subscription_data"]
    kept = ("description", "metadata", "trial_end", "trial_period_days", "trial_settings",
            "billing_cycle_anchor", "default_tax_rates")  # fmt: skip
    items = [
        {
            "price": item["price"]["id"],
            "tax_rates": item["tax_rates"],
            **({} if item["quantity"] is None else {"quantity": item["quantity"]}),
        }
        for item in session["_items"]
        if item["price"]["type"] == "recurring"
    ]
    return {
        "automatic_tax": {"enabled": session["automatic_tax"]["enabled"]},
        "customer": customer,
        "discounts": session["_discounts"],
        "items": items,
        **{name: about[name] for name in kept if name in about},
    }


def _with_one_time(store: Store, session: Document, invoice: Document) -> Document:
    return invoices.put(store, invoice, _one_time_lines(store, session))


def _one_time_lines(store: Store, session: Document) -> list[Document]:
    now = store.now(session)
    return [
        invoice_lines.line(
            item["price"]["currency"],
            money.amount_of(item["price"], item["quantity"] or 1),
            description=invoice_lines.name_of(store, item["price"]),
            period=(now, now),
            price=item["price"],
            quantity=item["quantity"] or 1,
            _tax_rates=item["tax_rates"],
        )
        for item in session["_items"]
        if item["price"]["type"] == "one_time"
    ]


def one_time_invoice(store: Store, session: Document, customer: str) -> Document:
    currency = session["_items"][0]["price"]["currency"]
    invoice = invoices.draft(store, customer, currency, auto_advance=False)
    invoice["automatic_tax"]["enabled"] = session["automatic_tax"]["enabled"]
    invoice["discounts"] = [
        coupons.redeem(store, wish, customer=customer)["id"] for wish in session["_discounts"]
    ]
    invoices.put(store, invoice, _one_time_lines(store, session))
    return invoice_totals.settle(store, invoice)


def line_items(session: Document, invoice: Document) -> list[Document]:
    """The session's own lines, with what the invoice says of each."""
    lines = {
        line["pricing"]["price_details"]["price"]: line
        for line in invoice["lines"]["data"]
        if line["pricing"]
    }
    return [_line_item(item, lines.get(item["price"]["id"])) for item in session["_items"]]


def _line_item(item: Document, line: Document | None) -> Document:
    found = line or {"amount": 0, "discount_amounts": [], "taxes": [], "description": None}
    discount = sum(one["amount"] for one in found["discount_amounts"])
    added = sum(one["amount"] for one in found["taxes"] if one["tax_behavior"] == "exclusive")
    taxes = sum(one["amount"] for one in found["taxes"])
    return complete(
        {
            "id": item["id"],
            "object": "item",
            "amount_discount": discount,
            "amount_subtotal": found["amount"],
            "amount_tax": taxes,
            "amount_total": found["amount"] - discount + added,
            "currency": item["price"]["currency"],
            "description": found["description"],
            "price": item["price"],
            "quantity": item["quantity"],
        }
    )
