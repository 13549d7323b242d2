"""What time does to a subscription: trials end, periods are renewed, cancellations take effect."""

from __future__ import annotations

from sandbox.stripe import (
    accounts,
    collection,
    invoice_items,
    invoice_lines,
    invoices,
    meters,
    subscription_items,
    subscriptions,
)
from sandbox.stripe.accounts import DAY
from sandbox.stripe.answers import Document
from sandbox.stripe.clocks import happening
from sandbox.stripe.store import Store
from sandbox.stripe.subscriptions import EVENT, EXPIRES_AFTER, TRIAL_NOTICE

RENEWING = ("trialing", "active", "past_due", "unpaid")


def period_end(subscription: Document) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])


def next_moment(store: Store, subscription: Document) -> int | None:
    status = subscription["status"]
    if status == "incomplete":
        return int(subscription["created"]) + EXPIRES_AFTER
    if status not in RENEWING:
        return None
    pause = subscription.get("pause_collection") or {}
    moments = [period_end(subscription), subscription["cancel_at"], pause.get("resumes_at")]
    moments += [_notice_of_trial(subscription), _notice_of_renewal(store, subscription)]
    return min(int(moment) for moment in moments if moment is not None)


def _notice_of_trial(subscription: Document) -> int | None:
    if subscription["status"] != "trialing" or subscription.get("_told_of_trial"):
        return None
    return max(int(subscription["trial_end"]) - TRIAL_NOTICE, int(subscription["created"]) + 1)


def _notice_of_renewal(store: Store, subscription: Document) -> int | None:
    """`invoice.upcoming`, some days ahead; a trial has its own notice."""
    end = period_end(subscription)
    told = subscription.get("_told_of_renewal") == end
    leaves = subscription["cancel_at_period_end"] or subscription["status"] != "active"
    days = accounts.settings(store)["upcoming_days"]
    start = subscription["items"]["data"][0]["current_period_start"]
    if told or leaves or not days or end - days * DAY <= start:
        return None
    return int(end - days * DAY)


@happening("subscription")
def move_on(store: Store, subscription: Document) -> None:
    now = store.now(subscription)
    if subscription["status"] == "incomplete":
        subscriptions.expire(store, subscription)
        return
    if _ends_now(subscription, now):
        _finish(store, subscription)
        return
    pause = subscription.get("pause_collection") or {}
    if pause.get("resumes_at") and pause["resumes_at"] <= now:
        subscription["pause_collection"] = None
    if period_end(subscription) <= now:
        _close_period(store, subscription)
        return
    _give_notice(store, subscription, now)
    subscriptions.save(store, subscription)


def _ends_now(subscription: Document, now: int) -> bool:
    cancel_at = subscription["cancel_at"]
    at_end = subscription["cancel_at_period_end"] and period_end(subscription) <= now
    return bool(at_end or (cancel_at and cancel_at <= now))


def _finish(store: Store, subscription: Document) -> None:
    """The last use of metered items is still invoiced."""
    lines = _use_lines(store, subscription)
    if any(line["amount"] for line in lines):
        invoice = invoices.of_subscription(store, subscription, "subscription_cycle")
        invoices.put(store, invoice, lines, "invoice.created")
        subscription["latest_invoice"] = invoice["id"]
        _let_advance(store, subscription, invoice)
    subscriptions.end(store, subscription, "cancellation_requested")


def _give_notice(store: Store, subscription: Document, now: int) -> None:
    trial = _notice_of_trial(subscription)
    if trial is not None and trial <= now:
        subscription["_told_of_trial"] = True
        store.save(subscription, EVENT.format("trial_will_end"), always=True)
    renewal = _notice_of_renewal(store, subscription)
    if renewal is not None and renewal <= now:
        from sandbox.stripe import events, previews

        subscription["_told_of_renewal"] = period_end(subscription)
        store.save(subscription)
        events.record(store, "invoice.upcoming", previews.of_renewal(store, subscription))


def _close_period(store: Store, subscription: Document) -> None:
    if subscription["status"] == "trialing" and not _can_be_charged(store, subscription):
        behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if behavior == "cancel":
            subscriptions.end(store, subscription, "payment_failed")
            return
        if behavior == "pause":
            subscription["status"] = "paused"
            subscriptions.save(store, subscription)
            store.save(subscription, EVENT.format("paused"), always=True)
            return
    renew(store, subscription)


def _can_be_charged(store: Store, subscription: Document) -> bool:
    customer = store.get(subscription["customer"], "customer")
    default = customer["invoice_settings"]["default_payment_method"]
    return bool(
        subscription["default_payment_method"]
        or default
        or subscription["collection_method"] == "send_invoice"
    )


def renew(store: Store, subscription: Document, *, draft_only: bool = False) -> Document:
    """The next period, and the invoice for it with the use of the last one."""
    items = subscription["items"]["data"]
    lines = _use_lines(store, subscription)
    start = period_end(subscription)
    anchor = subscription["billing_cycle_anchor"]
    end = subscription_items.end_after(anchor, items, start)
    subscription_items.set_period(items, start, end)
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    lines = [*_period_lines(store, subscription), *lines]
    invoice = invoices.of_subscription(store, subscription, "subscription_cycle")
    pending = invoice_items.pending(store, subscription["customer"], subscription["id"])
    invoices.put(store, invoice, lines)
    invoices.take_in(store, invoice, pending, "invoice.created")
    subscription["latest_invoice"] = invoice["id"]
    subscriptions.save(store, subscription)
    return invoice if draft_only else _let_advance(store, subscription, invoice)


def _period_lines(store: Store, subscription: Document) -> list[Document]:
    return [
        invoice_lines.of_period(store, subscription, item, trial=False, part=(1, 1))
        for item in subscription["items"]["data"]
        if not subscription_items.is_metered(item["price"])
    ]


def _use_lines(store: Store, subscription: Document) -> list[Document]:
    return [
        invoice_lines.of_use(store, subscription, item, meters.used(store, subscription, item))
        for item in subscription["items"]["data"]
        if subscription_items.is_metered(item["price"])
    ]


def _let_advance(store: Store, subscription: Document, invoice: Document) -> Document:
    """It becomes final after an hour, unless collection is paused or was given up."""
    pause = subscription.get("pause_collection")
    behavior = pause["behavior"] if pause else ""
    if behavior == "keep_as_draft" or subscription["status"] == "unpaid":
        invoice["auto_advance"] = False
        return store.save(invoice)
    becomes = {"void": "void", "mark_uncollectible": "uncollectible"}
    invoice["_becomes"] = becomes.get(behavior, "")
    wait = accounts.settings(store)["draft_seconds"]
    invoice["_due"] = invoice["automatically_finalizes_at"] = store.now(subscription) + wait
    return store.save(invoice)


def collect_now(store: Store, invoice: Document) -> Document:
    """An invoice for a change is final at once."""
    if invoice["collection_method"] == "send_invoice":
        invoice["_due"] = invoice["automatically_finalizes_at"] = invoice["created"] + 3600
        return store.save(invoice)
    return collection.finalize_and_collect(store, invoice)
