"""What an invoice would be: made as the real one, and undone.

https://docs.stripe.com/api/invoices/create_preview. So a preview and what is then charged are
the same by construction.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import (
    coupons,
    customers,
    cycles,
    identifiers,
    invoice_items,
    invoices,
    subscription_changes,
    subscriptions,
)
from sandbox.stripe import invoice_totals as totals
from sandbox.stripe.answers import Document
from sandbox.stripe.endpoint import Call
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.store import Store


def create(call: Call) -> Document:
    params, store = call.params, call.store
    with store.rehearsal():
        invoice = _of(store, params)
        _add_items(store, invoice, params.get("invoice_items") or [])
        if "automatic_tax" in params:
            invoice["automatic_tax"]["enabled"] = params["automatic_tax"]["enabled"]
        if "discounts" in params:
            about = {"customer": invoice["customer"]}
            wishes = params["discounts"] or []
            invoice["discounts"] = [coupons.redeem(store, one, **about)["id"] for one in wishes]
        totals.settle(store, invoice)
        return _shown(invoice)


def _of(store: Store, params: dict[str, Any]) -> Document:
    details = dict(params.get("subscription_details") or {})
    if params.get("schedule") or params.get("schedule_details"):
        raise StripeError("Previews of schedules are not made here.", param="schedule")
    if params.get("subscription"):
        subscription = store.get(params["subscription"], "subscription", "subscription")
        return of_change(store, subscription, details)
    customer = params.get("customer") or _stranger(store, params)
    if details.get("items"):
        wish = details | {"customer": customer, "_free": True}
        subscription = subscriptions.make(store, wish)
        return subscriptions.first_invoice(store, subscription)
    if not params.get("invoice_items") and not invoice_items.pending(store, customer, None):
        raise StripeError(
            f"No upcoming invoices for customer: {customer}",
            status=404,
            code="invoice_upcoming_none",
        )
    currency = params.get("currency", "eur")
    invoice = invoices.draft(store, customer, currency)
    return invoices.take_in(store, invoice, invoice_items.pending(store, customer, None))


def _stranger(store: Store, params: dict[str, Any]) -> str:
    """Somebody who is no customer yet, of whom an address may be known."""
    if "customer_details" not in params:
        raise required("customer")
    about = params["customer_details"]
    customer = customers.with_name(store, {"address": about.get("address")})
    customer["tax_exempt"] = about.get("tax_exempt") or "none"
    return str(store.save(customer)["id"])


def of_change(store: Store, subscription: Document, details: dict[str, Any]) -> Document:
    if subscription["status"] in subscriptions.ENDED:
        text = f"No upcoming invoices for subscription: {subscription['id']}"
        raise StripeError(text, status=404, code="invoice_upcoming_none")
    at_once = None
    if details.get("cancel_now"):
        subscription_changes.credit_unused(store, subscription)
        invoice = invoices.of_subscription(store, subscription, "subscription_update")
        waiting = invoice_items.pending(store, subscription["customer"], subscription["id"])
        return invoices.take_in(store, invoice, waiting)
    if details:
        at_once = subscription_changes.apply(store, subscription, details)
    return at_once or cycles.renew(store, subscription, draft_only=True)


def of_renewal(store: Store, subscription: Document) -> Document:
    with store.rehearsal():
        changed = store.get(subscription["id"], "subscription")
        return _shown(cycles.renew(store, changed, draft_only=True))


def _add_items(store: Store, invoice: Document, wishes: list[dict[str, Any]]) -> None:
    items = [
        invoice_items.add(
            store,
            invoice["customer"],
            str(one.get("currency", invoice["currency"])),
            one.get("amount", 0),
            description=one.get("description"),
            quantity=one.get("quantity"),
        )
        for one in wishes
    ]
    invoices.take_in(store, invoice, items)


def _shown(invoice: Document) -> Document:
    return invoice | {"id": identifiers.new("upcoming_in"), "hosted_invoice_url": None}
