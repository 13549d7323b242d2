"""Changes in the middle of a period, and what they cost to the second.

https://docs.stripe.com/billing/subscriptions/prorations. Unused time is given back at what it
cost, remaining time is charged at what it costs now, both in proportion to the seconds left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.stripe import (
    coupons,
    invoice_items,
    invoice_lines,
    invoices,
    money,
    periods,
    prices,
    subscription_items,
    subscriptions,
)
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, merged, nothing_or
from sandbox.stripe.errors import StripeError, missing
from sandbox.stripe.store import Store

PLAIN = (
    "cancel_at", "cancel_at_period_end", "collection_method", "days_until_due",
    "default_payment_method", "description",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """From when, and how, a change is charged."""

    moment: int
    behavior: str
    resets: bool


def apply(store: Store, subscription: Document, wish: dict[str, Any]) -> Document | None:
    """Carry a change out; the draft of the invoice that it asks for at once, if any."""
    before = [dict(item) for item in subscription["items"]["data"]]
    _set_plain(store, subscription, wish)
    after = _items(store, subscription, wish)
    subscription_items.require_agreement(after)
    change = _change(store, subscription, wish, before, after)
    was_trial = subscription["status"] == "trialing"
    stays_trial = was_trial and wish.get("trial_end") != "now"
    if change.behavior != "none" and not was_trial and change.moment < _end_of(before):
        _prorate(store, subscription, before, after, change)
    subscription["items"]["data"] = after
    if "trial_end" in wish:
        _set_trial(store, subscription, wish["trial_end"])
    if change.resets and not stays_trial:
        _reset(subscription, change.moment)
        subscriptions.save(store, subscription)
        return _invoice(store, subscription, full_period=True)
    subscriptions.save(store, subscription)
    if change.behavior == "always_invoice" and not was_trial:
        return _invoice(store, subscription, full_period=False)
    return None


def _end_of(items: list[Document]) -> int:
    return int(items[0]["current_period_end"])


def _set_plain(store: Store, subscription: Document, wish: dict[str, Any]) -> None:
    assign(subscription, wish, *PLAIN)
    if wish.get("cancel_at_period_end") or wish.get("cancel_at"):
        subscription["canceled_at"] = store.now(subscription)
        subscription["cancellation_details"]["reason"] = "cancellation_requested"
    elif "cancel_at_period_end" in wish or "cancel_at" in wish:
        subscription["canceled_at"] = None
        subscription["cancellation_details"] = dict.fromkeys(("comment", "feedback", "reason"))
    details = wish.get("cancellation_details") or {}
    subscription["cancellation_details"] |= {key: one or None for key, one in details.items()}
    if "pause_collection" in wish:
        pause = nothing_or(wish["pause_collection"])
        subscription["pause_collection"] = {"resumes_at": None, **pause} if pause else None
    if "default_tax_rates" in wish:
        rates = wish["default_tax_rates"] or []
        subscription["default_tax_rates"] = [store.get(one, "tax_rate") for one in rates]
    if "automatic_tax" in wish:
        subscription["automatic_tax"]["enabled"] = wish["automatic_tax"]["enabled"]
    for name, value in (wish.get("payment_settings") or {}).items():
        subscription["payment_settings"][name] = value or None
    if "trial_settings" in wish:
        subscription["trial_settings"] = wish["trial_settings"]
    if "discounts" in wish:
        _set_discounts(store, subscription, wish["discounts"] or [])


def _set_discounts(store: Store, subscription: Document, wishes: list[dict[str, Any]]) -> None:
    about = {"customer": subscription["customer"], "subscription": subscription["id"]}
    held = set(subscription["discounts"])
    chosen = [coupons.redeem(store, one, **about)["id"] for one in wishes]
    for gone in held - set(chosen):
        coupons.ended(store, store.get(gone, "discount"))
    subscription["discounts"] = chosen


def _items(store: Store, subscription: Document, wish: dict[str, Any]) -> list[Document]:
    """The items as they are wished: some changed, some gone, some new."""
    items = {item["id"]: dict(item) for item in subscription["items"]["data"]}
    start, end = (subscription["items"]["data"][0][f"current_period_{x}"] for x in ("start", "end"))
    for one in wish.get("items") or []:
        if not one.get("id"):
            made = subscription_items.make(store, subscription["id"], one, store.now(subscription))
            subscription_items.set_period([made], start, end)
            items[made["id"]] = made
        elif one["id"] not in items:
            raise missing("subscription item", one["id"], "items[0][id]")
        elif one.get("deleted"):
            del items[one["id"]]
        else:
            _change_item(store, items[one["id"]], one)
    return list(items.values())


def _change_item(store: Store, item: Document, wish: dict[str, Any]) -> None:
    if wish.get("price") or wish.get("price_data"):
        price = subscription_items.price_of(store, wish)
        item |= {"price": price, "plan": prices.plan_of(price)}
        if subscription_items.is_metered(price):
            item["quantity"] = None
        elif item.get("quantity") is None:
            item["quantity"] = 1
    if "quantity" in wish:
        item["quantity"] = wish["quantity"]
    if "metadata" in wish:
        item["metadata"] = merged(item["metadata"], wish["metadata"])
    if "tax_rates" in wish:
        item["tax_rates"] = [store.get(one, "tax_rate") for one in wish["tax_rates"] or []]


def _change(
    store: Store,
    subscription: Document,
    wish: dict[str, Any],
    before: list[Document],
    after: list[Document],
) -> Change:
    intervals = {subscription_items.interval_of(item["price"]) for item in (before[0], after[0])}
    resets = (
        len(intervals) > 1
        or wish.get("billing_cycle_anchor") == "now"
        or (subscription["status"] == "trialing" and wish.get("trial_end") == "now")
    )
    moment = wish.get("proration_date", store.now(subscription))
    start, end = before[0]["current_period_start"], before[0]["current_period_end"]
    if not start <= moment <= end:
        raise StripeError(
            "The proration_date must be within the present period.", param="proration_date"
        )
    return Change(moment, wish.get("proration_behavior", "create_prorations"), resets)


def _prorate(
    store: Store,
    subscription: Document,
    before: list[Document],
    after: list[Document],
    change: Change,
) -> None:
    kept = {item["id"]: item for item in after}
    known = {item["id"]: item for item in before}
    for item in before:
        if change.resets or _differs(item, kept.get(item["id"])):
            _add(store, subscription, item, change, sign=-1)
    for item in after:
        if not change.resets and _differs(item, known.get(item["id"])):
            _add(store, subscription, item, change, sign=1)


def _differs(item: Document, other: Document | None) -> bool:
    if other is None:
        return True
    return (item["price"]["id"], item.get("quantity")) != (
        other["price"]["id"],
        other.get("quantity"),
    )


def _add(
    store: Store, subscription: Document, item: Document, change: Change, *, sign: int
) -> None:
    price = item["price"]
    if subscription_items.is_metered(price):
        return
    start, end = item["current_period_start"], item["current_period_end"]
    full = _discounted(store, subscription, money.amount_of(price, item["quantity"] or 0))
    amount = sign * money.share(full, end - change.moment, end - start)
    what = "Remaining" if sign > 0 else "Unused"
    name = invoice_lines.name_of(store, price)
    counted = f"{item['quantity']} {invoice_lines.TIMES} {name}"
    text = f"{what} time on {counted} after {periods.shown(change.moment)}"
    invoice_items.add(
        store,
        subscription["customer"],
        price["currency"],
        amount,
        description=text,
        discountable=False,
        parent={
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_details",
        },
        period=(change.moment, end),
        price=price,
        proration=True,
        quantity=item["quantity"],
        tax_rates=item["tax_rates"],
        _subscription=subscription["id"],
    )


def _discounted(store: Store, subscription: Document, amount: int) -> int:
    """What a percentage leaves of it; an amount off is for whole invoices."""
    now = store.now(subscription)
    for discount_id in subscription["discounts"]:
        discount = store.get(discount_id, "discount")
        percentage = coupons.coupon_of(store, discount)["percent_off"]
        if percentage and coupons.is_running(discount, now):
            amount -= money.percent(amount, percentage)
    return amount


def _set_trial(store: Store, subscription: Document, trial_end: Any) -> None:
    now = store.now(subscription)
    if trial_end == "now":
        subscription |= {"trial_end": now, "status": "active"}
        return
    subscription |= {
        "billing_cycle_anchor": trial_end,
        "status": "trialing",
        "trial_end": trial_end,
        "trial_start": subscription["trial_start"] or now,
        "_told_of_trial": False,
    }
    subscription_items.set_period(subscription["items"]["data"], now, trial_end)


def _reset(subscription: Document, moment: int) -> None:
    """A new cycle begins now."""
    subscription["billing_cycle_anchor"] = moment
    items = subscription["items"]["data"]
    end = subscription_items.end_after(moment, items, moment)
    subscription_items.set_period(items, moment, end)


def _invoice(store: Store, subscription: Document, *, full_period: bool) -> Document:
    invoice = invoices.of_subscription(store, subscription, "subscription_update")
    pending = invoice_items.pending(store, subscription["customer"], subscription["id"])
    lines = [
        invoice_lines.of_period(store, subscription, item, trial=False, part=(1, 1))
        for item in subscription["items"]["data"]
        if full_period and not subscription_items.is_metered(item["price"])
    ]
    invoices.take_in(store, invoice, pending)
    invoices.put(store, invoice, lines, "invoice.created")
    subscription["latest_invoice"] = invoice["id"]
    store.save(subscription)
    return invoice


def credit_unused(store: Store, subscription: Document) -> None:
    """Cancelled at once with `prorate`: the time left is given back."""
    change = Change(store.now(subscription), "create_prorations", resets=True)
    for item in subscription["items"]["data"]:
        _add(store, subscription, item, change, sign=-1)
