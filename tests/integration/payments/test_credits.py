"""Customers' balances, invoices paid another way, and answers to banks."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotAllowed
from apps.jobs.models import JobRun
from apps.mail.models import Message
from apps.payments import stripe_api
from apps.payments.errors import DisputeClosed, InvoiceNotOpen, NotCreditable, StripeError
from apps.payments.models import Attempt, CustomerCredit, Dispute, Invoice, Payment
from apps.payments.services import (
    approvals,
    attempts,
    customer_credits,
    disputes,
    invoice_deeds,
    objects,
)
from apps.payments.subscription_errors import AttemptUnsure

pytestmark = pytest.mark.django_db
PUBLIC = "config.urls_public"


@pytest.fixture
def lose_answers(monkeypatch):
    @contextmanager
    def losing():
        real = stripe_api.call

        def lose(deed):
            real(deed)
            raise StripeError("No answer came.")

        with monkeypatch.context() as patch:
            patch.setattr(stripe_api, "call", lose)
            yield

    return losing


class TestCredits:
    def test_after_stripe_broke_one_is_given_with_another_key(self, billing, olga, sandbox_process):
        account = billing.connect()
        row = customer_credits.request(account=account, amount=4_000, note="A slow week", by=olga)
        path = f"POST /v1/customers/{account.customer_id}/balance_transactions"
        sandbox_process.faults(path, status=500, times=stripe_api.RETRIES + 1)
        with pytest.raises(StripeError):
            customer_credits.carry_out(credit_id=str(row.pk))
        done = customer_credits.carry_out(credit_id=str(row.pk))
        assert (done.state, done.idempotency_key) == ("done", f"{row.idempotency_key}+1")
        assert billing.stripe.api.customers.retrieve(account.customer_id).balance == -4_000

    def test_one_is_given_once_though_no_answer_came(self, billing, olga, monkeypatch):
        account = billing.connect()
        row = customer_credits.request(account=account, amount=4_000, note="A slow week", by=olga)
        real = stripe_api.call

        def lose(deed):
            real(deed)
            raise StripeError("No answer came.")

        monkeypatch.setattr(stripe_api, "call", lose)
        with pytest.raises(StripeError):
            customer_credits.carry_out(credit_id=str(row.pk))
        monkeypatch.setattr(stripe_api, "call", real)
        row = customer_credits.carry_out(credit_id=str(row.pk))
        assert (row.state, row.ending_balance) == ("done", -4_000)
        account.refresh_from_db()
        assert account.balance == -4_000
        assert JobRun.objects.filter(name="payments.sync_balance").count() == 0

    def test_over_the_limit_two_decide_and_a_debit_is_no_gift(self, billing, olga, otto):
        account = billing.connect()
        gift = customer_credits.request(account=account, amount=20_001, note="x", by=olga)
        assert gift.state == "waiting"
        approvals.approve(request=gift, by=otto)
        assert customer_credits.carry_out(credit_id=str(gift.pk)).state == "done"
        assert (
            customer_credits.request(account=account, amount=-30_000, note="x", by=olga).state
            == "ready"
        )

    @pytest.mark.parametrize("amount", [0, 100_000_000, -100_000_000])
    def test_nothing_and_too_much_are_refused(self, billing, olga, amount):
        with pytest.raises(NotCreditable):
            customer_credits.request(account=billing.connect(), amount=amount, note="x", by=olga)

    def test_who_never_chose_a_plan_has_no_balance(self, billing, olga):
        with pytest.raises(NotCreditable):
            customer_credits.request(account=billing.account, amount=1, note="x", by=olga)

    def test_what_was_done_at_stripe_is_fetched(self, billing):
        account = billing.connect()
        wish = {"amount": -700, "currency": "eur", "description": "By hand"}
        billing.stripe.api.customers.balance_transactions.create(account.customer_id, wish)
        objects.fetch("customer", account.customer_id)
        objects.fetch("customer", account.customer_id)
        [_job] = JobRun.objects.filter(name="payments.sync_balance")
        assert customer_credits.sync(account) == 1
        row = CustomerCredit.objects.get()
        assert (row.amount, row.note, row.asked_by_label) == (700, "By hand", "Stripe")


class TestInvoices:
    @pytest.fixture
    def owed(self, billing):
        billing.connect(card="")
        billing.subscribe(collection_method="send_invoice", days_until_due=30)
        [draft] = billing.stripe.api.invoices.list().data
        billing.stripe.api.invoices.send_invoice(draft.id)
        billing.sync()
        return Invoice.objects.get()

    def test_a_transfer_is_noted_and_can_be_given_back(self, owed, olga):
        from apps.payments.services import refunds

        paid = invoice_deeds.mark_paid(
            invoice=owed, received_on=date(2026, 11, 20), reference="Kto 4711", by=olga
        )
        assert (paid.status, paid.amount_remaining) == ("paid", 0)
        payment = Payment.objects.get()
        assert (payment.invoice, payment.amount, payment.is_off_stripe) == (owed, 14_900, True)
        told = AuditEntry.objects.get(action="invoice.paid_outside")
        assert told.data["reference"] == "Kto 4711"
        about = {"reason": "duplicate", "note": "Paid twice"}
        row = refunds.request(payment=payment, amount=900, by=olga, **about)
        row = refunds.carry_out(refund_id=str(row.pk))
        assert (row.state, row.stripe_id) == ("done", None)
        with pytest.raises(InvoiceNotOpen):
            invoice_deeds.write_off(invoice=owed, reason="x", by=olga)

    def test_one_is_written_off_and_then_taken_back(self, owed, olga):
        assert invoice_deeds.write_off(invoice=owed, reason="Bankrupt", by=olga).status == (
            "uncollectible"
        )
        assert invoice_deeds.void(invoice=owed, reason="Never ordered", by=olga).status == "void"

    @pytest.mark.parametrize(
        ("deed", "states"),
        [("write_off", {"uncollectible"}), ("void", {"void"}), ("mark_paid", {"paid"})],
    )
    def test_an_answer_that_was_lost_does_it_once(self, owed, olga, lose_answers, deed, states):
        about = {"reason": "x"}
        if deed == "mark_paid":
            about = {"received_on": date(2026, 11, 20), "reference": "Kto 4711"}
        do = partial(getattr(invoice_deeds, deed), invoice=owed, by=olga, **about)
        with lose_answers(), pytest.raises(AttemptUnsure):
            do()
        [trace] = Attempt.objects.open()
        assert (trace.subject, trace.asked_by, trace.tries) == (owed.pk, olga.user, 1)
        do()
        owed.refresh_from_db()
        trace.refresh_from_db()
        assert ({owed.status}, trace.state, trace.tries) == (states, "done", 2)
        assert AuditEntry.objects.filter(action__startswith="invoice.").count() == 1

    def test_another_wish_is_checked_against_what_became_of_the_first(
        self, owed, olga, lose_answers, owner
    ):
        with lose_answers(), pytest.raises(AttemptUnsure):
            invoice_deeds.void(invoice=owed, reason="x", by=olga)
        with pytest.raises(InvoiceNotOpen, match="is void"):
            invoice_deeds.write_off(invoice=owed, reason="y", by=olga)
        assert Attempt.objects.get().state == "dropped"
        with pytest.raises(NotAllowed):
            invoice_deeds.void(invoice=owed, reason="x", by=owner)

    def test_what_an_operator_waits_for_holds_up_no_customer(
        self, owed, olga, lose_answers, console
    ):
        with lose_answers(), pytest.raises(AttemptUnsure):
            invoice_deeds.void(invoice=owed, reason="x", by=olga)
        assert attempts.open_of(owed.account) is None
        address = reverse("admin:payments_attempt_changelist", urlconf=PUBLIC)
        page = console.get(f"{address}?state__exact=open").content.decode()
        assert "Not confirmed yet" in page
        assert owed.pk in page

    @pytest.mark.parametrize(("deed", "ends"), [("try_again", "done"), ("drop", "dropped")])
    def test_an_operator_has_it_tried_again_or_drops_it(
        self, owed, olga, lose_answers, console, deed, ends
    ):
        with lose_answers(), pytest.raises(AttemptUnsure):
            invoice_deeds.void(invoice=owed, reason="x", by=olga)
        [trace] = Attempt.objects.open()
        row = reverse("admin:payments_attempt_change", urlconf=PUBLIC, args=[trace.pk])
        assert f'value="{deed}"' in console.get(row).content.decode()
        address = reverse("admin:payments_attempt_changelist", urlconf=PUBLIC)
        form = {"_selected_action": trace.pk, "from_row": trace.pk, "action": deed}
        assert console.post(address, form | {"confirmed": "yes"}).url == row
        trace.refresh_from_db()
        owed.refresh_from_db()
        assert (trace.state, owed.status) == (ends, "void")
        again = console.post(address, form | {"confirmed": "yes"}, follow=True).content.decode()
        assert f"It is {ends}." in again


class TestDisputes:
    @pytest.fixture
    def dispute(self, paid, billing):
        payment = paid("pm_card_createDispute")
        [made] = billing.stripe.api.disputes.list().data
        objects.fetch("dispute", made.id)
        payment.refresh_from_db()
        assert (payment.is_disputed, payment.refundable) == (True, 0)
        return Dispute.objects.get()

    def test_an_answer_is_saved_sent_and_won(self, dispute, olga):
        suggested = disputes.suggest(dispute)
        assert suggested["customer_name"] == "Alpha"
        pdf = SimpleUploadedFile("log.pdf", b"%PDF-1.7 log")
        texts = {**suggested, "uncategorized_text": "winning_evidence"}
        saved = disputes.answer(
            dispute=dispute, texts=texts, files={"receipt": pdf}, submit=False, by=olga
        )
        assert (saved.status, saved.data["evidence"]["receipt"][:5]) == ("needs_response", "file_")
        won = disputes.answer(dispute=dispute, texts=texts, files={}, submit=True, by=olga)
        assert won.status == "won"
        with pytest.raises(DisputeClosed):
            disputes.accept(dispute=dispute, by=olga)
        verbs = list(AuditEntry.objects.filter(action__startswith="dispute.").order_by("sequence"))
        assert [one.action for one in verbs] == ["dispute.answer_saved", "dispute.answered"]

    def test_an_answer_that_was_lost_is_sent_once(self, dispute, olga, lose_answers):
        do = partial(disputes.answer, dispute=dispute, texts={}, files={}, submit=True, by=olga)
        with lose_answers(), pytest.raises(AttemptUnsure):
            do()
        before = Attempt.objects.get()
        assert do().submission_count == 1
        assert [one.key for one in Attempt.objects.all()] == [before.key]
        assert AuditEntry.objects.get(action="dispute.answered").data["files"] == []

    def test_operators_and_owners_are_told_once(self, olga, owner, dispute):
        objects.fetch("dispute", dispute.pk)
        told = Message.objects.values_list("template", "to")
        assert told.filter(to=olga.user.email).count() == 1
        assert ("mail/payment_disputed", owner.email) in told
        assert told.filter(template="mail/payment_disputed", to=owner.email).count() == 1

    def test_one_is_accepted(self, dispute, olga):
        assert disputes.accept(dispute=dispute, by=olga).status == "lost"

    def test_files_of_other_kinds_are_refused(self, dispute, olga):
        word = SimpleUploadedFile("log.docx", b"PK")
        with pytest.raises(Invalid):
            disputes.answer(
                dispute=dispute, texts={}, files={"receipt": word}, submit=True, by=olga
            )
