"""Who paid twice, by two windows, keeps the first subscription and has the second's money back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import structlog
from django.db import transaction

from apps.audit.services import entries as audit
from apps.payments import stripe_api
from apps.payments.errors import StripeObjectMissing
from apps.payments.models import Account, Subscription
from apps.payments.services import objects

log = structlog.get_logger(__name__)


def resolve(account: Account) -> list[str]:
    """End all live subscriptions but the oldest, give back what was paid for them, and make void
    what was not. Returns the ids of those that were ended. Killed and repeated it does nothing
    twice. Raises `StripeError`.
    """
    waiting = Subscription.Status.INCOMPLETE
    live = account.subscriptions.live().exclude(status=waiting).order_by("created_at", "id")
    extra = list(live)[1:]
    for subscription in extra:
        _give_back(subscription)
        _end(subscription)
        _void_open(subscription)
        with transaction.atomic():
            audit.record(
                action="subscription.duplicate_ended", by=None, target=account,
                schema_name=account.schema_name, data={"subscription": subscription.pk},
            )  # fmt: skip
        log.warning("duplicate_subscription_ended", account=str(account.pk), id=subscription.pk)
    return [subscription.pk for subscription in extra]


def _give_back(subscription: Subscription) -> None:
    """A credit note over each paid invoice, with its money sent back to where it came from."""
    wish = {"subscription": subscription.pk, "status": "paid"}
    for invoice in list(stripe_api.pages("invoices", **wish)):
        if not invoice["amount_paid"] or _is_credited(invoice["id"]):
            continue
        note = {
            "invoice": invoice["id"], "reason": "duplicate",
            "memo": "Paid twice by mistake: this subscription was a second one.",
            "amount": invoice["total"],
            "refund_amount": invoice["amount_paid"],
        }  # fmt: skip
        # What was paid with credit becomes credit again.
        if credit := invoice["total"] - invoice["amount_paid"]:
            note["credit_amount"] = credit
        options = {"idempotency_key": f"duplicate-{invoice['id']}"}
        made = _create_note(note, options)
        objects.fetch("credit_note", made["id"], subscription.account)
        objects.fetch("invoice", invoice["id"], subscription.account)


def _create_note(note: dict[str, Any], options: dict[str, str]) -> Any:
    return stripe_api.call(lambda api: api.credit_notes.create(note, options))


def _void_open(subscription: Subscription) -> None:
    """Stripe leaves them open when a subscription ends, to be paid or chased."""
    wish = {"subscription": subscription.pk, "status": "open"}
    for invoice in list(stripe_api.pages("invoices", **wish)):
        _void(invoice["id"])
        objects.fetch("invoice", invoice["id"], subscription.account)


def _void(invoice: str) -> None:
    options = {"idempotency_key": f"duplicate-void-{invoice}"}
    stripe_api.call(lambda api: api.invoices.void_invoice(invoice, {}, options))


def _is_credited(invoice: str) -> bool:
    return any(stripe_api.pages("credit_notes", invoice=invoice))


def _end(subscription: Subscription) -> None:
    details = {"comment": "Second subscription of one customer, ended by itself."}
    wish = {"cancellation_details": details}
    ident = subscription.pk
    if stripe_api.retrieve("subscription", ident)["status"] != "canceled":
        with suppress(StripeObjectMissing):  # another has ended it this moment
            stripe_api.call(lambda api: api.subscriptions.cancel(ident, wish))
    objects.fetch("subscription", ident, subscription.account)
    if subscription.latest_invoice_id:
        objects.fetch("invoice", subscription.latest_invoice_id, subscription.account)
