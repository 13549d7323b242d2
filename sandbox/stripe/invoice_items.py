"""Invoice items: what waits for the next invoice. https://docs.stripe.com/api/invoiceitems."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.stripe import identifiers, invoice_lines, money, prices
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

KIND = "invoiceitem"


def add(store: Store, customer_id: str, currency: str, amount: int, **about: Any) -> Document:
    """`about`: description, period, price, quantity, subscription_item, proration, and more."""
    now = store.now(customer_id)
    start, end = about.pop("period", None) or (now, now)
    price, quantity = about.pop("price", None), about.pop("quantity", None) or 1
    pricing = about.pop("pricing", None)
    item = {
        "id": identifiers.new("ii"),
        "object": KIND,
        "amount": amount,
        "currency": currency,
        "customer": customer_id,
        "date": now,
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": amount,
        "period": {"start": start, "end": end},
        "pricing": invoice_lines.pricing_of(price) if price else pricing,
        "proration": False,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "tax_rates": [],
        "_subscription": None,
        **about,
    }
    return store.insert(item, "invoiceitem.created")


def pending(store: Store, customer_id: str, subscription_id: str | None) -> list[Document]:
    """What an invoice takes in: the subscription's own, and what belongs to none."""
    waiting = store.select(KIND, customer=customer_id, invoice=None, deleted=None)
    return [one for one in waiting if one["_subscription"] in (None, subscription_id)]


def create(call: Call) -> Document:
    params, store = call.params, call.store
    customer = store.get(params["customer"], "customer", "customer")
    about: dict[str, Any] = {
        "description": params.get("description"),
        "discountable": params.get("discountable", True),
        "metadata": merged(None, params.get("metadata")),
        "tax_rates": [store.get(one, "tax_rate") for one in params.get("tax_rates") or []],
        "quantity": params.get("quantity"),
        "_subscription": params.get("subscription"),
    }
    if "period" in params:
        about["period"] = (params["period"]["start"], params["period"]["end"])
    price, amount = _priced(store, params)
    currency = price["currency"] if price else params.get("currency", "eur").lower()
    item = add(store, customer["id"], currency, amount, price=price, **about)
    if params.get("invoice"):
        _put_on(store, item, params["invoice"])
    return item


def _priced(store: Store, params: dict[str, Any]) -> tuple[Document | None, int]:
    quantity = params.get("quantity", 1)
    named = (params.get("pricing") or {}).get("price")
    if named:
        price = store.get(named, "price", "pricing[price]")
        return price, money.amount_of(price, quantity)
    if "price_data" in params:
        price = prices.add(store, params["price_data"])
        return price, money.amount_of(price, quantity)
    if "unit_amount_decimal" in params:
        return None, money.of_decimal(Decimal(params["unit_amount_decimal"]) * quantity)
    if "amount" not in params:
        text = "You must pass one of amount, unit_amount_decimal, pricing or price_data."
        raise StripeError(text, code="parameter_missing", param="amount")
    return None, params["amount"]


def _put_on(store: Store, item: Document, invoice_id: str) -> None:
    from sandbox.stripe import invoices

    invoice = invoices.draft_of(store, invoice_id)
    invoices.take_in(store, invoice, [item])


def update(call: Call) -> Document:
    item = _changeable(call)
    assign(item, call.params, "amount", "description", "discountable")
    item["net_amount"] = item["amount"]
    return call.store.save(item)


def delete(call: Call) -> Document:
    return call.store.delete(_changeable(call), "invoiceitem.deleted")


def _changeable(call: Call) -> Document:
    item = call.store.get(call.id, KIND)
    if item["invoice"]:
        raise StripeError("This invoice item is part of an invoice and cannot be changed.")
    return item


def _narrow(call: Call, item: Document) -> bool:
    wanted = call.params.get("pending")
    return wanted is None or (item["invoice"] is None) == wanted


ENDPOINTS = [
    Endpoint("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", create),
    Endpoint("GET", "/v1/invoiceitems", "InvoiceItemListParams", listing(KIND, _narrow, "pending")),
    Endpoint("GET", "/v1/invoiceitems/{id}", "InvoiceItemRetrieveParams", reading(KIND)),
    Endpoint("POST", "/v1/invoiceitems/{id}", "InvoiceItemUpdateParams", update),
    Endpoint("DELETE", "/v1/invoiceitems/{id}", "InvoiceItemDeleteParams", delete),
]
