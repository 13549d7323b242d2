"""Money given back, in full and in part: asked for, approved over a limit, carried out once."""

from __future__ import annotations

from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from apps.payments import money, stripe_api
from apps.payments.documents import line_texts
from apps.payments.errors import NotRefundable, StripeError
from apps.payments.models import CreditNote, MoneyRequest, Payment, Refund
from apps.payments.services import approvals, objects, payments
from apps.payments.signals import refund_stored
from apps.payments.stripe_values import identity
from apps.tenants.access import Operator

MARK: Final = line_texts.REFUND  # names our row
State = MoneyRequest.State


def request(*, payment: Payment, amount: int, reason: str, note: str, by: Operator) -> Refund:
    """Ask for `amount` minor units of a payment to be given back, for a `Refund.Reason` and with
    an operator's note. Over the limit it waits for another operator. Raises `NotRefundable` for
    more than is left, however many ask at once.
    """
    approvals.require_operator(by)
    try:
        with transaction.atomic():
            locked = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
            _require_room(locked, amount)
            return _begin(locked, amount, by, reason=reason, note=note)
    except IntegrityError as error:
        raise _too_much(payment) from error


def retry(*, refund: Refund, by: Operator) -> Refund:
    """Ask anew for one that failed; its credit note, if it got that far, stands. Raises
    `NotRefundable`.
    """
    approvals.require_operator(by)
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=refund.payment_id)
        refund.refresh_from_db()
        if refund.state != State.FAILED or Refund.objects.filter(retry_of=refund).exists():
            raise NotRefundable("Only a refund that failed is tried again, and once.")
        if refund.amount > payment.refundable:
            raise _too_much(payment)
        about = {"reason": refund.reason, "credit_note_id": refund.credit_note_id}
        return _begin(payment, refund.amount, by, note=refund.note, retry_of=refund, **about)


def _begin(payment: Payment, amount: int, by: Operator, **about: Any) -> Refund:
    # The database refuses what the row lock did not keep out.
    Payment.objects.filter(pk=payment.pk).update(amount_requested=F("amount_requested") + amount)
    row = Refund(
        account=payment.account, payment=payment, amount=amount, currency=payment.currency, **about
    )
    return approvals.begin(row, by=by)


def creditable(payment: Payment) -> int:
    """What the payment's invoice can still be made less by; without an invoice, all of it."""
    invoice = payment.invoice
    if invoice is None:
        return payment.amount_captured
    notes = CreditNote.objects.filter(invoice_id=invoice.pk, status=CreditNote.Status.ISSUED)
    noted = notes.aggregate(sum=Sum("total"))["sum"] or 0
    states = (State.WAITING, State.READY, State.SENT)
    asked = Refund.objects.filter(payment__invoice=invoice, state__in=states)
    held = asked.filter(credit_note_id="").aggregate(sum=Sum("amount"))["sum"] or 0
    return invoice.total - int(noted) - int(held)


def _require_room(payment: Payment, amount: int) -> None:
    if payment.is_disputed:
        raise NotRefundable(
            "The bank decides about this payment: answer the dispute, or accept it."
        )
    if payment.status != Payment.Status.SUCCEEDED:
        raise NotRefundable(
            "Nothing was taken with this payment, so there is nothing to give back."
        )
    if not 0 < amount <= payment.refundable:
        raise _too_much(payment)
    if amount > creditable(payment):
        most = money.text(max(0, creditable(payment)), payment.currency)
        raise NotRefundable(errors={"amount": [
            f"Its invoice has been credited otherwise; {most} of it are left."
        ]})  # fmt: skip


def _too_much(payment: Payment) -> NotRefundable:
    payment.refresh_from_db()
    if not payment.refundable:
        return NotRefundable(errors={"amount": ["Nothing is left of it to be given back."]})
    most = money.text(payment.refundable, payment.currency)
    return NotRefundable(errors={"amount": [f"Between 0.01 and {most}: that much is left of it."]})


def carry_out(*, refund_id: str) -> Refund:
    """Do at Stripe what was asked for and approved. It may be repeated at any point: Stripe is
    sent the same key, and asked first whether it was done. Raises `StripeError` where trying again
    may help; a refusal ends it as failed.
    """
    row = _mark_sent(refund_id)
    if row is None:
        return Refund.objects.get(pk=refund_id)
    try:
        _link(row, _done_before(row) or _do(row))
    except StripeError as error:
        if not error.permanent:
            if stripe_api.is_kept(error):
                row.take_another_key()
            raise
        _fail(row, error.detail)
    return Refund.objects.get(pk=refund_id)


def _mark_sent(refund_id: str) -> Refund | None:
    """Written before the call, so that whoever comes after a crash knows that there was one."""
    try:
        with transaction.atomic():
            row: Refund = Refund.objects.select_for_update().get(pk=refund_id)
            if row.state not in (State.READY, State.SENT) or row.stripe_id:
                return None
            row.state, row.sent_at = State.SENT, row.sent_at or timezone.now()
            row.attempts += 1
            row.save(update_fields=["state", "sent_at", "attempts"])
    except IntegrityError as error:
        raise StripeError("Another refund of this payment is under way.", retry_after=5) from error
    return row


def _done_before(row: Refund) -> dict[str, Any] | None:
    """What an earlier attempt did, of which no answer came: keys do not hold for ever."""
    if row.attempts <= 1:
        return None
    if row.payment.invoice_id and not row.credit_note_id:
        found = stripe_api.each("credit_note", invoice=row.payment.invoice_id)
    elif row.payment.is_off_stripe:
        return None
    else:
        found = stripe_api.each("refund", charge=row.payment_id)
    marked = (one for one in found if (one.get("metadata") or {}).get(MARK) == str(row.pk))
    return next(marked, None)


def _do(row: Refund) -> dict[str, Any]:
    options = {"idempotency_key": row.idempotency_key}
    marks = {MARK: str(row.pk)}
    invoice = row.payment.invoice_id
    if invoice and not row.credit_note_id:
        way = "out_of_band_amount" if row.payment.is_off_stripe else "refund_amount"
        note = {"invoice": invoice, "amount": row.amount, way: row.amount, "metadata": marks}
        if row.reason:
            note["reason"] = row.reason
        done = stripe_api.call(lambda api: api.credit_notes.create(note, options))
    else:
        wish = {"charge": row.payment_id, "amount": row.amount, "metadata": marks}
        done = stripe_api.call(lambda api: api.refunds.create(wish, options))
    found: dict[str, Any] = done
    return found


def _link(row: Refund, done: dict[str, Any]) -> None:
    """`done` is the credit note with its refund, or a refund alone."""
    is_note = done["object"] == "credit_note"
    made = done["refunds"] if is_note else [{"refund": done["id"]}]
    ident = identity(made[0]["refund"]) if made else ""
    rows = Refund.objects.filter(pk=row.pk)
    with transaction.atomic():
        if is_note:
            rows.update(credit_note_id=done["id"])
        if ident:
            rows.filter(stripe_id__isnull=True).update(stripe_id=ident)
        else:  # given back by bank, which is no matter of Stripe's
            rows.update(state=State.DONE, done_at=timezone.now())
            row.refresh_from_db()
            refund_stored.send(sender=Refund, refund=row, before=State.SENT)
    if is_note:
        objects.fetch("credit_note", done["id"], row.account)
        objects.fetch("invoice", identity(done["invoice"]), row.account)
    if ident:
        objects.fetch("refund", ident, row.account)


def _fail(row: Refund, problem: str) -> None:
    with transaction.atomic():
        Refund.objects.filter(pk=row.pk).update(
            state=State.FAILED, problem=problem[:500], done_at=timezone.now()
        )
        payments.recount(Payment.objects.select_for_update(no_key=True).get(pk=row.payment_id))
        row.refresh_from_db()
        refund_stored.send(sender=Refund, refund=row, before=State.SENT)
