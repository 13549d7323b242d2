"""Invoices until they are final. https://docs.stripe.com/billing/invoices/overview."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import accounts, coupons, identifiers, invoice_items, invoice_lines
from sandbox.stripe import invoice_totals as totals
from sandbox.stripe.answers import Document, list_of
from sandbox.stripe.documents import merged
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store

KIND = "invoice"
STATUS = "Only draft invoices can be changed, and this one is {}."


def draft(store: Store, customer_id: str, currency: str, **about: Any) -> Document:
    """An empty draft. `about`: billing_reason, collection_method, discounts, and more keys."""
    account = accounts.current(store)
    customer, now = store.get(customer_id, "customer"), store.now(customer_id)
    invoice_id = identifiers.new("in")
    invoice = {
        "id": invoice_id,
        "object": KIND,
        "account_country": account["country"],
        "account_name": account["business_profile"]["name"],
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": False, **dict.fromkeys(TAX_KEYS)},
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer_id,
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self", "account": None},
        "lines": list_of([], f"/v1/invoices/{invoice_id}/lines"),
        "livemode": False,
        "metadata": {},
        "payment_settings": dict.fromkeys(PAYMENT_KEYS),
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": dict.fromkeys(TRANSITIONS),
        "subtotal": 0,
        "test_clock": customer["test_clock"],
        "total": 0,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "_token": identifiers.random_text(32),
        **customer_details(customer) | _of_customer(customer),
        **about,
    }
    return store.insert(invoice)


def _of_customer(customer: Document) -> Document:
    """What every invoice of theirs begins with, and what is asked for may differ from."""
    return {"custom_fields": customer["invoice_settings"]["custom_fields"]}


TAX_KEYS = ("disabled_reason", "liability", "provider", "status")
PAYMENT_KEYS = ("default_mandate", "payment_method_options", "payment_method_types")
TRANSITIONS = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")


def customer_details(customer: Document) -> Document:
    return {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["business_name"] or customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
    }


def put(store: Store, invoice: Document, lines: list[Document], event: str = "") -> Document:
    """Add lines, and work the invoice out anew."""
    for line in lines:
        line["invoice"] = invoice["id"]
        invoice["lines"]["data"].append(line)
    totals.settle(store, invoice)
    return store.save(invoice, event, always=event == "invoice.created")


def take_in(store: Store, invoice: Document, items: list[Document], event: str = "") -> Document:
    """Pending invoice items become lines."""
    lines = []
    for item in items:
        if item["currency"] == invoice["currency"]:
            item["invoice"] = invoice["id"]
            store.save(item, "invoiceitem.updated")
            lines.append(invoice_lines.of_invoice_item(item, invoice["id"]))
    return put(store, invoice, lines, event)


def draft_of(store: Store, invoice_id: str) -> Document:
    invoice = store.get(invoice_id, KIND, "invoice")
    if invoice["status"] != "draft":
        raise StripeError(STATUS.format(invoice["status"]), code="invoice_not_editable")
    return invoice


def of_subscription(store: Store, subscription: Document, reason: str) -> Document:
    """A draft that says whose it is, with the subscription's discounts, taxes and terms."""
    customer = store.get(subscription["customer"], "customer")
    start, end = _period(subscription)
    invoice = draft(
        store,
        subscription["customer"],
        subscription["currency"],
        billing_reason=reason,
        collection_method=subscription["collection_method"],
        default_payment_method=None,
        default_tax_rates=subscription["default_tax_rates"] or [],
        discounts=_running(store, subscription, customer),
        parent={
            "quote_details": None,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        period_start=start,
        period_end=end,
        _days_until_due=subscription["days_until_due"],
        _subscription=subscription["id"],
    )
    invoice["automatic_tax"]["enabled"] = subscription["automatic_tax"]["enabled"]
    return store.save(invoice)


def _period(subscription: Document) -> tuple[int, int]:
    items = subscription["items"]["data"]
    return items[0]["current_period_start"], items[0]["current_period_end"]


def _running(store: Store, subscription: Document, customer: Document) -> list[str]:
    """Discounts that still run; what was for one invoice only runs no longer after it."""
    now = store.now(subscription)
    found = [store.get(one, "discount") for one in subscription["discounts"]]
    own = [one for one in found if coupons.is_running(one, now)]
    if not own and customer["discount"] and coupons.is_running(customer["discount"], now):
        return [customer["discount"]["id"]]
    return [one["id"] for one in own]


def spend_discounts(store: Store, invoice: Document) -> None:
    """A `once` coupon ends with the first final invoice it stands on; a repeating one in time."""
    subscription = store.find(invoice.get("_subscription") or "")
    if not subscription:
        return
    for discount_id in invoice["discounts"]:
        discount = store.get(discount_id, "discount")
        duration = coupons.coupon_of(store, discount)["duration"]
        if duration == "once" and discount_id in subscription["discounts"]:
            subscription["discounts"].remove(discount_id)
            store.save(subscription, "customer.subscription.updated")


def create_for(store: Store, wish: dict[str, Any]) -> Document:
    """A manual invoice from the parameters of a creation, with what is pending."""
    customer = store.get(wish["customer"], "customer", "customer")
    currency = wish.get("currency") or customer["currency"] or "eur"
    pending = invoice_items.pending(store, customer["id"], wish.get("subscription"))
    if pending and "currency" not in wish:
        currency = pending[0]["currency"]
    invoice = draft(store, customer["id"], currency.lower(), **_chosen(store, wish))
    invoice["automatic_tax"]["enabled"] = bool((wish.get("automatic_tax") or {}).get("enabled"))
    invoice["discounts"] = [
        coupons.redeem(store, one, customer=customer["id"], invoice=invoice["id"])["id"]
        for one in wish.get("discounts") or []
    ]
    store.save(invoice)
    excluded = wish.get("pending_invoice_items_behavior", "exclude") == "exclude"
    return take_in(store, invoice, [] if excluded else pending, "invoice.created")


def _chosen(store: Store, wish: dict[str, Any]) -> dict[str, Any]:
    rates = wish.get("default_tax_rates") or []
    return {
        "auto_advance": wish.get("auto_advance", False),
        "collection_method": wish.get("collection_method", "charge_automatically"),
        **({"custom_fields": wish["custom_fields"] or None} if "custom_fields" in wish else {}),
        "default_payment_method": wish.get("default_payment_method"),
        "default_tax_rates": [store.get(one, "tax_rate") for one in rates],
        "description": wish.get("description"),
        "due_date": wish.get("due_date"),
        "footer": wish.get("footer"),
        "metadata": merged(None, wish.get("metadata")),
        "_days_until_due": wish.get("days_until_due"),
    }
