"""Payments, refunds, disputes and credits as Stripe gives them: projections (`objects`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import Least

from apps.payments import signals
from apps.payments.models import (
    Account,
    CustomerCredit,
    Dispute,
    InvoicePayment,
    MoneyRequest,
    Payment,
    Refund,
)
from apps.payments.services.records import method_text
from apps.payments.stripe_values import identity, moment

Object = Mapping[str, Any]
State = MoneyRequest.State
AT_STRIPE = "Stripe"  # who asked for what nobody asked for here
# https://docs.stripe.com/api/refunds/object#refund_object-status
REFUND_STATES = {
    "pending": State.SENT,
    "requires_action": State.SENT,
    "succeeded": State.DONE,
    "failed": State.FAILED,
    "canceled": State.FAILED,
}


def charge(data: Object, account: Account | None) -> None:
    if account is None:
        return
    about = data["payment_method_details"] or {}
    kind = about.get("type") or ""
    intent = identity(data["payment_intent"])
    before = Payment.objects.filter(pk=data["id"]).first()
    payment, _ = Payment.objects.update_or_create(
        pk=data["id"],
        defaults={
            "account": account,
            "payment_intent_id": intent,
            "invoice_id": _invoice_of(intent),
            "status": data["status"],
            "currency": data["currency"],
            "amount": data["amount"],
            "amount_captured": data["amount_captured"],
            "amount_refunded": data["amount_refunded"],
            "is_disputed": data["disputed"],
            "method": "Bank transfer" if kind == "customer_balance" else method_text(about),
            "method_type": kind,
            "last4": (about.get(kind) or {}).get("last4") or "",
            "failure_code": data["failure_code"] or "",
            "decline_code": (data["outcome"] or {}).get("reason") or "",
            "created_at": moment(data["created"]),
            "data": dict(data),
        },
    )
    if before is None or before.status != payment.status:
        signals.payment_stored.send(sender=Payment, payment=payment, before=before)


def _invoice_of(intent: str) -> str | None:
    links = InvoicePayment.objects.filter(payment_intent_id=intent) if intent else None
    return links.values_list("invoice_id", flat=True).first() if links is not None else None


def invoice(data: Object, account: Account | None) -> None:
    """Which payments pay it: those of Stripe, and one that came another way."""
    if account is None or data.get("deleted"):
        return
    for one in (data.get("payments") or {}).get("data") or ():
        intent = identity(one["payment"].get("payment_intent"))
        if intent:
            about = {"account": account, "invoice_id": data["id"], "payment_intent_id": intent}
            InvoicePayment.objects.update_or_create(pk=one["id"], defaults=about)
            Payment.objects.filter(payment_intent_id=intent).update(invoice_id=data["id"])
    _note_off_stripe(data, account)


def _note_off_stripe(data: Object, account: Account) -> None:
    amount = data.get("amount_paid_off_stripe") or 0
    ident = f"{Payment.OFF_STRIPE}{data['id']}"
    if data["status"] != "paid" or not amount:
        Payment.objects.filter(pk=ident, refunds__isnull=True).delete()
        return
    Payment.objects.update_or_create(
        pk=ident,
        defaults={
            "account": account,
            "invoice_id": data["id"],
            "status": Payment.Status.SUCCEEDED,
            "currency": data["currency"],
            "amount": amount,
            "amount_captured": amount,
            "method": "Paid outside of Stripe",
            "method_type": "off_stripe",
            "created_at": moment(data["status_transitions"]["paid_at"]),
        },
    )


def refund(data: Object, account: Account | None) -> None:
    """What came of one that was asked for here, or one that somebody made at Stripe."""
    if account is None:
        return
    if isinstance(data["charge"], Mapping):
        charge(data["charge"], account)
    payment = Payment.objects.select_for_update(no_key=True).get(pk=identity(data["charge"]))
    row = _refund_row(data, payment)
    before = row.state
    row.stripe_id, row.state = data["id"], REFUND_STATES[data["status"] or "pending"]
    row.problem = (data.get("failure_reason") or "").replace("_", " ")
    if row.done_at is None and row.state != State.SENT:
        row.done_at = moment(data["created"]) if row.state == State.DONE else account.now
    row.save()
    recount(payment)
    if before != row.state:
        signals.refund_stored.send(sender=Refund, refund=row, before=before)


def _refund_row(data: Object, payment: Payment) -> Refund:
    """By its id; else the one that is just being sent; else a new one."""
    known = Refund.objects.filter(stripe_id=data["id"]).first()
    underway = payment.refunds.filter(
        state=State.SENT, stripe_id__isnull=True, amount=data["amount"]
    ).first()
    return known or underway or Refund(
        account=payment.account, payment=payment, amount=data["amount"],
        currency=data["currency"], asked_by_label=AT_STRIPE, asked_at=moment(data["created"]),
        reason=data["reason"] if data["reason"] in Refund.Reason.values else "",
        note="Made at Stripe.", state=State.SENT,
    )  # fmt: skip


def recount(payment: Payment) -> None:
    """What its refunds have given back or hold. Stripe refuses to give back more than was taken,
    so what is beyond it are requests that Stripe will refuse.
    """
    held = payment.refunds.counting().aggregate(sum=Sum("amount"))
    Payment.objects.filter(pk=payment.pk).update(
        amount_requested=Least(held["sum"] or 0, F("amount_captured"))
    )


def dispute(data: Object, account: Account | None) -> None:
    if account is None:
        return
    if isinstance(data["charge"], Mapping):
        charge(data["charge"], account)
    details = data["evidence_details"]
    before = Dispute.objects.filter(pk=data["id"]).first()
    row, _ = Dispute.objects.update_or_create(
        pk=data["id"],
        defaults={
            "account": account,
            "payment_id": identity(data["charge"]),
            "status": data["status"],
            "reason": data["reason"],
            "amount": data["amount"],
            "currency": data["currency"],
            "created_at": moment(data["created"]),
            "due_at": moment(details["due_by"]),
            "submission_count": details["submission_count"],
            "data": dict(data),
        },
    )
    if before is None or before.status != row.status:
        signals.dispute_stored.send(sender=Dispute, dispute=row, before=before)


def balance_transaction(data: Object, account: Account | None) -> None:
    """A change of the customer's balance, whoever made it."""
    if account is None:
        return
    asked = (data["metadata"] or {}).get("toolboxai_credit")
    rows = CustomerCredit.objects.filter(account=account)
    row = rows.filter(stripe_id=data["id"]).first()
    row = row or (rows.filter(pk=asked).first() if asked else None)
    row = row or CustomerCredit(
        account=account, asked_by_label=AT_STRIPE, asked_at=moment(data["created"]),
        note=data["description"] or data["type"].replace("_", " ").capitalize(),
    )  # fmt: skip
    row.amount, row.currency, row.state = -data["amount"], data["currency"], State.DONE
    row.kind, row.ending_balance = data["type"], data["ending_balance"]
    row.invoice_id = identity(data["invoice"])
    row.credit_note_id = identity(data["credit_note"])
    row.stripe_id, row.done_at, row.problem = data["id"], moment(data["created"]), ""
    row.save()


def customer(data: Object, account: Account | None) -> None:
    """Stripe tells of a balance, not of what changed it: that is fetched where it does not fit."""
    from apps.payments.tasks import sync_balance

    if account is None or data.get("deleted"):
        return
    done = account.customercredits.filter(state=State.DONE).aggregate(sum=Sum("amount"))
    if -(done["sum"] or 0) != data["balance"]:
        sync_balance.enqueue(by=None, schema_name="public", account_id=str(account.pk))
