"""Money given back: how much, by whom, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import NotAllowed
from apps.jobs.models import JobRun
from apps.mail.models import Message
from apps.payments import stripe_api
from apps.payments.errors import (
    AlreadyDecided,
    ApprovalByAnother,
    NotRefundable,
    StripeError,
)
from apps.payments.models import CreditNote, Payment, Refund
from apps.payments.services import approvals, objects, refunds

pytestmark = pytest.mark.django_db
WHY = {"reason": "product_unsatisfactory", "note": "Ticket 4711"}


def ask(payment, amount, by, **about):
    return refunds.request(payment=payment, amount=amount, by=by, **{**WHY, **about})


def test_a_part_goes_back_with_a_credit_note_that_has_its_tax(paid, olga):
    payment = paid()
    assert (payment.amount, payment.invoice.total, payment.method) == (17_731, 17_731, "Visa 4242")
    row = ask(payment, 5_950, olga)
    assert (row.state, row.needs_approval) == ("ready", False)
    [job] = JobRun.objects.filter(name="payments.refund")
    assert job.arguments == {"request_id": str(row.pk)}
    row = refunds.carry_out(refund_id=str(row.pk))
    note = CreditNote.objects.get(pk=row.credit_note_id)
    assert (row.state, note.total, note.tax) == ("done", 5_950, 950)
    (line,) = note.document.document.lines
    number = payment.invoice.number
    assert line.description == f"Gutschrift zu Rechnung {number}: Leistung nicht wie vereinbart"
    payment.refresh_from_db()
    assert (payment.amount_refunded, payment.amount_requested) == (5_950, 5_950)
    assert payment.refundable == 17_731 - 5_950
    told = AuditEntry.objects.get(action="refund.asked_for")
    assert told.schema_name == payment.account.schema_name
    assert "olga" in told.actor_label


def test_more_than_is_left_is_refused(paid, olga):
    payment = paid()
    ask(payment, 10_000, olga)
    for amount in (0, -5, 7_732):
        with pytest.raises(NotRefundable) as refused:
            ask(payment, amount, olga)
        assert "€77.31" in refused.value.errors["amount"][0]
    assert Refund.objects.count() == 1


def test_the_database_refuses_what_a_race_let_through(paid):
    payment = paid()
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(amount_requested=17_732)


def test_over_the_limit_another_operator_agrees(paid, olga, otto):
    payment = paid(amount=30_000)
    row = ask(payment, 25_000, olga)
    assert (row.state, JobRun.objects.filter(name="payments.refund").count()) == ("waiting", 0)
    assert refunds.carry_out(refund_id=str(row.pk)).state == "waiting"
    told = Message.objects.filter(template="mail/money_alert").values_list("to", flat=True)
    assert list(told) == [otto.user.email]
    with pytest.raises(ApprovalByAnother):
        approvals.approve(request=row, by=olga)
    approvals.approve(request=row, by=otto)
    assert JobRun.objects.filter(name="payments.refund").count() == 1
    with pytest.raises(AlreadyDecided):
        approvals.reject(request=row, reason="No.", by=otto)
    assert refunds.carry_out(refund_id=str(row.pk)).state == "done"


def test_many_small_ones_are_a_large_one(paid, olga, otto):
    payment = paid(amount=40_000)
    assert not ask(payment, 15_000, olga).needs_approval
    assert ask(payment, 5_001, olga).needs_approval
    assert not ask(payment, 5_001, otto).needs_approval


def test_requests_of_the_same_one_wait_for_each_other(paid, olga):
    """Else two at the same moment would each be under the limit."""
    payment = paid()
    with CaptureQueriesContext(connection) as found:
        ask(payment, 100, olga)
    locks = [one["sql"] for one in found if "FOR NO KEY UPDATE" in one["sql"]]
    assert any('FROM "accounts_user"' in sql for sql in locks)


def test_all_payments_of_an_invoice_share_what_it_can_be_credited(paid, olga):
    payment = paid()
    other = Payment.objects.get(pk=payment.pk)
    other.pk = "ch_other"
    other.save(force_insert=True)
    ask(other, 10_000, olga)
    with pytest.raises(NotRefundable) as refused:
        ask(payment, 10_000, olga)
    assert "€77.31" in refused.value.errors["amount"][0]


def test_the_database_wants_another_one_as_well(paid, olga):
    row = ask(paid(amount=30_000), 25_000, olga)
    rows = Refund.objects.filter(pk=row.pk)
    about = {"state": "ready", "decided_at": timezone.now(), "decided_by": olga.user}
    for changes in ({"state": "ready"}, about):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)


def test_rejected_withdrawn_and_expired_ones_hold_nothing(paid, olga, otto):
    payment = paid(amount=30_000)
    approvals.reject(request=ask(payment, 35_000, olga), reason="Too much.", by=otto)
    mine = ask(payment, 35_000, olga)
    with pytest.raises(NotAllowed):
        approvals.withdraw(request=mine, by=otto)
    approvals.withdraw(request=mine, by=olga)
    late = ask(payment, 35_000, olga)
    Refund.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AlreadyDecided):
        approvals.approve(request=late, by=otto)
    assert approvals.expire() == 1
    payment.refresh_from_db()
    assert (payment.amount_requested, payment.refundable) == (0, payment.amount)
    states = set(Refund.objects.values_list("state", flat=True))
    assert states == {"rejected", "withdrawn", "expired"}


def test_customers_cannot_ask(paid, owner):
    with pytest.raises(NotAllowed):
        ask(paid(), 100, owner)


@pytest.mark.parametrize("forgets", [False, True])
def test_an_outage_in_the_middle_ends_in_one_refund(paid, olga, monkeypatch, billing, forgets):
    payment = paid()
    row = ask(payment, 5_000, olga)
    real = stripe_api.call

    def lose(deed):
        real(deed)
        raise StripeError("No answer came.")

    monkeypatch.setattr(stripe_api, "call", lose)
    with pytest.raises(StripeError):
        refunds.carry_out(refund_id=str(row.pk))
    monkeypatch.setattr(stripe_api, "call", real)
    if forgets:  # as keys are after a day
        Refund.objects.filter(pk=row.pk).update(idempotency_key="another")
    assert refunds.carry_out(refund_id=str(row.pk)).state == "done"
    assert refunds.carry_out(refund_id=str(row.pk)).state == "done"
    made = billing.stripe.api.refunds.list({"charge": payment.pk}).data
    assert [one.amount for one in made] == [5_000]
    assert Refund.objects.count() == 1


def test_after_stripe_broke_it_is_asked_with_another_key(paid, olga, billing, sandbox_process):
    """Stripe repeats an answer to a key for a day, also that it broke."""
    row = ask(paid(), 5_000, olga)
    sandbox_process.faults("POST /v1/credit_notes", status=500, times=stripe_api.RETRIES + 1)
    with pytest.raises(StripeError):
        refunds.carry_out(refund_id=str(row.pk))
    done = refunds.carry_out(refund_id=str(row.pk))
    assert (done.state, done.idempotency_key) == ("done", f"{row.idempotency_key}+1")
    assert [one.amount for one in billing.stripe.api.refunds.list().data] == [5_000]


def test_what_stripe_tells_before_the_answer_is_the_same_refund(paid, olga, billing):
    row = ask(paid(), 5_000, olga)
    Refund.objects.filter(pk=row.pk).update(state="sent", attempts=1)
    row.refresh_from_db()
    refunds._do(row)
    [made] = billing.stripe.api.refunds.list().data
    objects.fetch("refund", made.id)
    assert refunds.carry_out(refund_id=str(row.pk)).state == "done"
    assert Refund.objects.get().stripe_id == made.id


def test_a_refund_that_comes_back_is_shown_and_tried_again(paid, olga, billing):
    payment = paid("pm_card_refundFail")
    row = refunds.carry_out(refund_id=str(ask(payment, 5_000, olga).pk))
    Refund.objects.filter(pk=row.pk).update(state="failed", problem="expired or canceled card")
    from apps.payments.services import payments

    payments.recount(payment)
    row.refresh_from_db()
    again = refunds.retry(refund=row, by=olga)
    assert (again.retry_of_id, again.credit_note_id) == (row.pk, row.credit_note_id)
    done = refunds.carry_out(refund_id=str(again.pk))
    assert done.stripe_id not in (None, row.stripe_id)
    assert CreditNote.objects.count() == 1
    with pytest.raises(NotRefundable, match="once"):
        refunds.retry(refund=row, by=olga)


def test_a_refusal_of_stripes_ends_it_and_frees_the_amount(paid, olga, billing):
    payment = paid()
    row = ask(payment, 17_731, olga)
    billing.stripe.api.refunds.create({"charge": payment.pk, "amount": 10_000})
    row = refunds.carry_out(refund_id=str(row.pk))
    assert row.state == "failed"
    assert "greater than unrefunded" in row.problem
    billing.sync("charge")
    [made] = billing.stripe.api.refunds.list({"charge": payment.pk}).data
    objects.fetch("refund", made.id)
    payment.refresh_from_db()
    assert payment.refundable == 7_731
    assert Refund.objects.get(stripe_id=made.id).asked_by_label == "Stripe"
