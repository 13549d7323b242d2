"""Subscriptions: how they begin, what state they are in, how they end.

https://docs.stripe.com/billing/subscriptions/overview.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import (
    collection,
    coupons,
    identifiers,
    invoice_items,
    invoice_lines,
    invoices,
    periods,
    setup_intents,
    subscription_items,
)
from sandbox.stripe.accounts import DAY, HOUR
from sandbox.stripe.answers import Document, list_of
from sandbox.stripe.documents import merged, nothing_or
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store

KIND = "subscription"
EVENT = "customer.subscription.{}"
ENDED = ("canceled", "incomplete_expired")
EXPIRES_AFTER = 23 * HOUR
TRIAL_NOTICE = 3 * DAY


def begin(store: Store, wish: dict[str, Any]) -> Document:
    """A subscription with its first invoice, paid as far as it could be.

    Raises the decline where `payment_behavior` is `error_if_incomplete`.
    """
    subscription = make(store, wish)
    behavior = wish.get("payment_behavior", "allow_incomplete")
    invoice = first_invoice(store, subscription)
    subscription["latest_invoice"] = invoice["id"]
    store.save(subscription)
    if subscription["collection_method"] == "send_invoice":
        return store.get(subscription["id"], KIND)
    collection.finalize(store, invoice)
    if invoice["status"] == "open":
        _collect_first(store, subscription["id"], invoice, behavior, wish)
    subscription = store.get(subscription["id"], KIND)
    if subscription["status"] == "trialing" and behavior == "default_incomplete":
        about = {"customer": subscription["customer"]}
        subscription["pending_setup_intent"] = setup_intents.add(store, about)["id"]
        store.save(subscription)
    return subscription


def make(store: Store, wish: dict[str, Any]) -> Document:
    """The subscription alone, not yet invoiced."""
    customer = store.get(wish["customer"], "customer", "customer")
    now = store.now(customer)
    subscription_id = identifiers.new("sub")
    items = [
        subscription_items.make(store, subscription_id, one, now) for one in wish.get("items", [])
    ]
    subscription_items.require_agreement(items)
    trial_end = trial_end_of(wish, now)
    anchor = trial_end or _anchor(wish, items, now)
    if trial_end:
        end = trial_end
    else:
        end = subscription_items.end_after(anchor, items, now) if anchor <= now else anchor
    subscription_items.set_period(items, now, end)
    subscription = {
        **_blank(subscription_id, wish, now),
        "billing_cycle_anchor": anchor,
        "currency": items[0]["price"]["currency"],
        "customer": customer["id"],
        "items": list_of(items, f"/v1/subscription_items?subscription={subscription_id}"),
        "status": "trialing" if trial_end else "active",
        "test_clock": customer["test_clock"],
        "trial_end": trial_end,
        "trial_start": now if trial_end else None,
        "_full_period": anchor <= now or bool(trial_end),
    }
    rates = wish.get("default_tax_rates") or []
    subscription["default_tax_rates"] = [store.get(one, "tax_rate") for one in rates]
    _require_terms(store, subscription, wish)
    store.insert(subscription)
    subscription["discounts"] = [
        coupons.redeem(store, one, customer=customer["id"], subscription=subscription_id)["id"]
        for one in wish.get("discounts") or []
    ]
    arm(store, subscription)
    return store.save(subscription, EVENT.format("created"), always=True)


def _blank(subscription_id: str, wish: dict[str, Any], now: int) -> Document:
    settings = wish.get("payment_settings") or {}
    automatic = bool((wish.get("automatic_tax") or {}).get("enabled"))
    missing = (wish.get("trial_settings") or {}).get("end_behavior") or {}
    return {
        "id": subscription_id,
        "object": KIND,
        "automatic_tax": {"disabled_reason": None, "enabled": automatic, "liability": None},
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "cancel_at": nothing_or(wish.get("cancel_at")),
        "cancel_at_period_end": wish.get("cancel_at_period_end", False),
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": wish.get("collection_method", "charge_automatically"),
        "created": now,
        "days_until_due": wish.get("days_until_due"),
        "default_payment_method": wish.get("default_payment_method"),
        "description": wish.get("description"),
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "livemode": False,
        "metadata": merged(None, wish.get("metadata")),
        "payment_settings": {
            "payment_method_options": settings.get("payment_method_options"),
            "payment_method_types": settings.get("payment_method_types"),
            "save_default_payment_method": settings.get("save_default_payment_method", "off"),
        },
        "start_date": now,
        "trial_settings": {
            "end_behavior": {
                "missing_payment_method": missing.get("missing_payment_method", "create_invoice")
            }
        },
    }


def _anchor(wish: dict[str, Any], items: list[Document], now: int) -> int:
    anchor = wish.get("billing_cycle_anchor", now)
    latest = subscription_items.end_after(now, items, now)
    if anchor > latest:
        raise StripeError(
            "`billing_cycle_anchor` cannot be later than next natural billing date "
            f"({latest}) for plan.",
            param="billing_cycle_anchor",
        )
    return int(anchor)


def trial_end_of(wish: dict[str, Any], now: int) -> int | None:
    days, given = wish.get("trial_period_days"), wish.get("trial_end")
    if days:
        return now + int(days) * DAY
    if given in (None, "", "now"):
        return None
    if int(given) <= now:
        raise StripeError("Invalid timestamp: must be in the future", param="trial_end")
    return int(given)


def _require_terms(store: Store, subscription: Document, wish: dict[str, Any]) -> None:
    if subscription["collection_method"] == "send_invoice":
        if subscription["days_until_due"] is None:
            raise StripeError(
                "If you set `collection_method` to `send_invoice`, you must pass `days_until_due`.",
                param="days_until_due",
            )
        return
    method_id = subscription["default_payment_method"]
    if method_id:
        store.get(method_id, "payment_method", "default_payment_method")
    customer = store.get(subscription["customer"], "customer")
    has_one = method_id or customer["invoice_settings"]["default_payment_method"]
    is_checked = wish.get("payment_behavior", "allow_incomplete") != "default_incomplete"
    if is_checked and not has_one and not subscription["trial_end"] and not wish.get("_free"):
        _require_nothing_to_pay(subscription)


def _require_nothing_to_pay(subscription: Document) -> None:
    prices = [item["price"] for item in subscription["items"]["data"]]
    costs = any(
        price["unit_amount"] != 0 and not subscription_items.is_metered(price) for price in prices
    )
    if costs:
        raise StripeError(
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )


def first_invoice(store: Store, subscription: Document) -> Document:
    invoice = invoices.of_subscription(store, subscription, "subscription_create")
    trial = subscription["status"] == "trialing"
    part = (1, 1) if subscription["_full_period"] else _part_until_anchor(subscription)
    lines = [
        invoice_lines.of_period(store, subscription, item, trial=trial, part=part)
        for item in subscription["items"]["data"]
        if not subscription_items.is_metered(item["price"])
    ]
    pending = invoice_items.pending(store, subscription["customer"], subscription["id"])
    invoices.put(store, invoice, lines)
    invoices.take_in(store, invoice, pending, "invoice.created")
    if subscription["collection_method"] == "send_invoice":
        invoice["_due"] = invoice["automatically_finalizes_at"] = invoice["created"] + HOUR
        store.save(invoice)
    return invoice


def _part_until_anchor(subscription: Document) -> tuple[int, int]:
    """How much of a full period lies before a later anchor."""
    items = subscription["items"]["data"]
    start, anchor = items[0]["current_period_start"], subscription["billing_cycle_anchor"]
    interval, count = subscription_items.interval_of(items[0]["price"])
    before = periods.nth(anchor, interval, count, -1)
    return anchor - start, anchor - before


def _collect_first(
    store: Store, subscription_id: str, invoice: Document, behavior: str, wish: dict[str, Any]
) -> None:
    subscription = store.get(subscription_id, KIND)
    subscription["status"] = "incomplete"
    arm(store, subscription)
    store.save(subscription)
    if behavior == "default_incomplete":
        return
    off_session = bool(wish.get("off_session"))
    paid = collection.attempt(store, invoice, off_session=off_session)
    intent = collection.intent_of(store, paid)
    if intent and behavior == "error_if_incomplete" and paid["status"] != "paid":
        error = intent["last_payment_error"] or {}
        message = error.get("message", "This payment requires authentication.")
        code = error.get("code", "subscription_payment_intent_requires_action")
        raise StripeError(message, status=402, kind="card_error", code=code)
    if intent and intent["status"] == "processing":
        recover(store, store.get(subscription_id, KIND))


def arm(store: Store, subscription: Document) -> None:
    """Note when something happens to it next."""
    from sandbox.stripe import cycles

    subscription["_due"] = cycles.next_moment(store, subscription)


def save(store: Store, subscription: Document) -> Document:
    arm(store, subscription)
    return store.save(subscription, EVENT.format("updated"))


def recover(store: Store, subscription: Document) -> None:
    """Its invoice is paid."""
    if subscription["status"] in ("incomplete", "past_due", "unpaid"):
        trial = subscription["trial_end"] and subscription["trial_end"] > store.now(subscription)
        subscription["status"] = "trialing" if trial else "active"
        _keep_method(store, subscription)
        save(store, subscription)


def _keep_method(store: Store, subscription: Document) -> None:
    wanted = (subscription["payment_settings"] or {}).get("save_default_payment_method")
    invoice = store.find(subscription["latest_invoice"] or "")
    intent = collection.intent_of(store, invoice) if invoice else None
    if wanted == "on_subscription" and intent and intent["payment_method"]:
        subscription["default_payment_method"] = intent["payment_method"]


def give_up(store: Store, subscription: Document, becomes: str) -> None:
    """The last retry failed; what then is a setting of the account."""
    if subscription["status"] in ENDED:
        return
    if becomes == "cancel":
        end(store, subscription, "payment_failed")
        return
    subscription["status"] = "unpaid" if becomes == "unpaid" else "past_due"
    save(store, subscription)


def end(store: Store, subscription: Document, reason: str, **details: Any) -> Document:
    """For good. `details`: comment, feedback."""
    now = store.now(subscription)
    subscription["cancellation_details"] |= {"reason": reason, **details}
    subscription |= {
        "canceled_at": subscription["canceled_at"] or now,
        "ended_at": now,
        "status": "canceled",
        "_due": None,
    }
    return store.save(subscription, EVENT.format("deleted"), always=True)


def expire(store: Store, subscription: Document) -> None:
    """Nobody paid the first invoice within 23 hours."""
    subscription |= {"ended_at": store.now(subscription), "status": "incomplete_expired"}
    subscription["_due"] = None
    store.save(subscription, EVENT.format("updated"))
    invoice = store.find(subscription["latest_invoice"] or "")
    if invoice and invoice["status"] == "open":
        collection.void(store, invoice)
    store.save(subscription, EVENT.format("deleted"), always=True)
