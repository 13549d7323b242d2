"""From a final invoice to its money: numbers, attempts, retries, and what gives up means.

https://docs.stripe.com/billing/collection-method, ../revenue-recovery/smart-retries.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import (
    accounts,
    confirmations,
    customer_balance,
    identifiers,
    invoices,
    payment_intents,
    tax_ids,
)
from sandbox.stripe import invoice_totals as totals
from sandbox.stripe.accounts import DAY
from sandbox.stripe.answers import Document
from sandbox.stripe.clocks import happening
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store


def finalize(store: Store, invoice: Document) -> Document:
    """Number it and say what is to be paid; nothing to pay is paid."""
    customer = store.get(invoice["customer"], "customer")
    totals.settle(store, invoice)
    now = store.now(invoice)
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = sequence + 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    store.save(customer)
    invoice |= {
        "customer_tax_ids": [
            {"type": one["type"], "value": one["value"]}
            for one in tax_ids.of_customer(store, customer["id"])
        ],
        "due_date": invoice["due_date"] or _due_date(invoice, now),
        "effective_at": now,
        "hosted_invoice_url": f"{store.address}/i/{store.account}/{invoice['_token']}",
        "invoice_pdf": f"{store.address}/i/{store.account}/{invoice['_token']}/pdf",
        "number": f"{customer['invoice_prefix']}-{sequence:04}",
        "status": "open",
        **invoices.customer_details(customer),
    }
    invoice["status_transitions"]["finalized_at"] = now
    invoice["_due"] = invoice["due_date"]
    invoice["automatically_finalizes_at"] = None
    store.save(invoice)
    _use_balance(store, invoice)
    if invoice["amount_due"] > 0:
        _ask_for(store, invoice)
    store.save(invoice, "invoice.finalized", always=True)
    invoices.spend_discounts(store, invoice)
    if invoice["amount_due"] <= 0:
        mark_paid(store, invoice)
    return invoice


def _due_date(invoice: Document, now: int) -> int | None:
    if invoice["collection_method"] != "send_invoice":
        return None
    days = invoice.get("_days_until_due")
    return now + (30 if days is None else days) * DAY


def _use_balance(store: Store, invoice: Document) -> None:
    change = invoice["ending_balance"] - invoice["starting_balance"]
    if change:
        about = {"invoice": invoice["id"], "currency": invoice["currency"]}
        customer = store.get(invoice["customer"], "customer")
        customer_balance.adjust(store, customer, change, "applied_to_invoice", **about)


def _ask_for(store: Store, invoice: Document) -> None:
    """The PaymentIntent that pays it, and the payment that ties the two together."""
    intent = payment_intents.add(
        store,
        {
            "amount": invoice["amount_due"],
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "description": describe(invoice),
            "setup_future_usage": "off_session" if invoice.get("_subscription") else None,
            "invoice": invoice["id"],
        },
    )
    invoice["_confirmation_secret"] = {
        "client_secret": intent["client_secret"],
        "type": "payment_intent",
    }
    store.insert(
        {
            "id": identifiers.new("inpay"),
            "object": "invoice_payment",
            "amount_requested": invoice["amount_due"],
            "created": store.now(invoice),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def describe(invoice: Document) -> str:
    reasons = {
        "subscription_create": "Subscription creation",
        "subscription_cycle": "Subscription update",
        "subscription_update": "Subscription update",
    }
    return reasons.get(invoice["billing_reason"], f"Payment for Invoice {invoice['number']}")


def payment_of(store: Store, invoice: Document) -> Document | None:
    """The payment that is still open, or that paid."""
    found = store.select("invoice_payment", invoice=invoice["id"], is_default=True)
    return found[-1] if found else None


def intent_of(store: Store, invoice: Document) -> Document | None:
    payment = payment_of(store, invoice)
    intent_id = payment["payment"].get("payment_intent") if payment else None
    return store.find(intent_id) if intent_id else None


def method_for(store: Store, invoice: Document) -> str | None:
    """The payment method that is charged: the invoice's, the subscription's, the customer's."""
    subscription = store.find(invoice.get("_subscription") or "") or {}
    customer = store.get(invoice["customer"], "customer")
    chosen: str | None = (
        invoice["default_payment_method"]
        or subscription.get("default_payment_method")
        or customer["invoice_settings"]["default_payment_method"]
    )
    return chosen


def attempt(
    store: Store, invoice: Document, method_id: str | None = None, *, off_session: bool = True
) -> Document:
    """Try to charge once. What came of it is in the invoice as it is stored then."""
    intent = intent_of(store, invoice)
    method_id = method_id or method_for(store, invoice)
    if intent is None or intent["status"] in ("succeeded", "canceled", "processing"):
        return invoice
    if method_id is None:
        note_failure(store, invoice, intent)
        return store.get(invoice["id"], "invoice")
    payment_intents.choose_method(store, intent, {"payment_method": method_id})
    confirmations.confirm(store, intent, off_session=off_session)
    return store.get(invoice["id"], "invoice")


def hear_of(store: Store, intent: Document) -> None:
    """An invoice's PaymentIntent came to something."""
    invoice = store.get(intent["_invoice"], "invoice")
    if invoice["status"] not in ("open", "uncollectible"):
        return
    if intent["status"] == "succeeded":
        mark_paid(store, invoice, intent["amount_received"])
        return
    note_failure(store, invoice, intent)


def note_failure(store: Store, invoice: Document, intent: Document) -> None:
    now = store.now(invoice)
    invoice |= {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
    invoice.setdefault("_first_failed", now)
    invoice["next_payment_attempt"] = _next_attempt(store, invoice, now)
    if invoice["collection_method"] == "charge_automatically":
        invoice["_due"] = invoice["next_payment_attempt"]
    store.save(invoice, "invoice.updated")
    store.save(invoice, "invoice.payment_failed", always=True)
    if intent["status"] == "requires_action":
        store.save(invoice, "invoice.payment_action_required", always=True)
    _let_subscription_know(store, invoice, is_last=invoice["next_payment_attempt"] is None)


def _next_attempt(store: Store, invoice: Document, now: int) -> int | None:
    """First invoices are not tried again: the customer is there, and sees what is wrong."""
    is_first = invoice["billing_reason"] in ("subscription_create", "manual")
    if is_first or invoice["collection_method"] != "charge_automatically":
        return None
    days = accounts.settings(store)["retry_days"]
    later = [invoice["_first_failed"] + day * DAY for day in days]
    return next((moment for moment in later[invoice["attempt_count"] - 1 :] if moment > now), None)


def _let_subscription_know(store: Store, invoice: Document, *, is_last: bool) -> None:
    from sandbox.stripe import subscriptions

    subscription = store.find(invoice.get("_subscription") or "")
    charged = invoice["collection_method"] == "charge_automatically"
    if subscription is None or (charged and invoice["billing_reason"] == "subscription_create"):
        return
    if is_last and charged:
        subscriptions.give_up(store, subscription, accounts.settings(store)["after_last_retry"])
    elif subscription["status"] in ("active", "trialing"):
        subscription["status"] = "past_due"
        subscriptions.save(store, subscription)


def mark_paid(store: Store, invoice: Document, amount: int = 0, **how: Any) -> Document:
    """`how`: out_of_band, for money that came another way."""
    now = store.now(invoice)
    invoice |= {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "attempt_count": invoice["attempt_count"] + (1 if amount else 0),
        "next_payment_attempt": None,
        "status": "paid",
        "_due": None,
    }
    invoice["status_transitions"]["paid_at"] = now
    payment = payment_of(store, invoice)
    if payment:
        payment |= {"amount_paid": invoice["amount_due"], "status": "paid"}
        payment["status_transitions"]["paid_at"] = now
        if how.get("out_of_band"):
            _came_otherwise(store, invoice)
        store.save(payment, "invoice_payment.paid", always=True)
    store.save(invoice, "invoice.updated")
    store.save(invoice, "invoice.paid", always=True)
    store.save(invoice, "invoice.payment_succeeded", always=True)
    _bring_back(store, invoice)
    return invoice


def _came_otherwise(store: Store, invoice: Document) -> None:
    invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    intent = intent_of(store, invoice)
    if intent and intent["status"] in payment_intents.OPEN:
        payment_intents.cancel_intent(store, intent, "void_invoice")


def _bring_back(store: Store, invoice: Document) -> None:
    from sandbox.stripe import subscriptions

    subscription = store.find(invoice.get("_subscription") or "")
    if subscription and subscription["latest_invoice"] == invoice["id"]:
        subscriptions.recover(store, subscription)


@happening("invoice")
def move_on(store: Store, invoice: Document) -> None:
    """A draft becomes final and is charged; an open one is tried again, or is overdue."""
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        finalize_and_collect(store, invoice)
    elif invoice["status"] == "open" and invoice["collection_method"] == "send_invoice":
        store.save(invoice, "invoice.overdue", always=True)
        _let_subscription_know(store, invoice, is_last=False)
    elif invoice["status"] == "open" and invoice["next_payment_attempt"]:
        invoice["next_payment_attempt"] = None
        store.save(invoice)
        attempt(store, invoice)
    else:
        store.save(invoice)


def finalize_and_collect(store: Store, invoice: Document) -> Document:
    finalize(store, invoice)
    if invoice["status"] != "open":
        return invoice
    becomes = invoice.get("_becomes")
    if becomes == "void":
        return void(store, invoice)
    if becomes == "uncollectible":
        return write_off(store, invoice)
    if invoice["collection_method"] == "charge_automatically":
        return attempt(store, invoice)
    return store.save(invoice, "invoice.sent", always=True)


def void(store: Store, invoice: Document) -> Document:
    """What the customer's balance had paid of it goes back there."""
    if invoice["status"] not in ("open", "uncollectible"):
        text = f"You can only void open or uncollectible invoices; this one is {invoice['status']}."
        raise StripeError(text, code="invoice_not_editable")
    _close(store, invoice, "void", "voided_at")
    change = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if change:
        customer = store.get(invoice["customer"], "customer")
        about = {"invoice": invoice["id"]}
        customer_balance.adjust(store, customer, change, "unapplied_from_invoice", **about)
    return store.save(invoice, "invoice.voided", always=True)


def write_off(store: Store, invoice: Document) -> Document:
    if invoice["status"] != "open":
        raise StripeError("Only open invoices can be uncollectible.", code="invoice_not_editable")
    invoice["next_payment_attempt"], invoice["_due"] = None, None
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = store.now(invoice)
    return store.save(invoice, "invoice.marked_uncollectible", always=True)


def _close(store: Store, invoice: Document, status: str, transition: str) -> None:
    intent = intent_of(store, invoice)
    if intent and intent["status"] in payment_intents.OPEN:
        payment_intents.cancel_intent(store, intent, "void_invoice")
    payment = payment_of(store, invoice)
    if payment:
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = store.now(invoice)
        store.save(payment)
    invoice |= {"status": status, "next_payment_attempt": None, "_due": None}
    invoice["status_transitions"][transition] = store.now(invoice)
    store.save(invoice)
