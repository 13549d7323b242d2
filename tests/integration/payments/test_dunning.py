"""An invoice stays unpaid: what owners are told, what happens to the workspace, how it ends."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse as reverse_of

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotAllowed
from apps.jobs.models import JobRun
from apps.mail.models import Message
from apps.payments.dunning import Stage
from apps.payments.errors import CaseEnded
from apps.payments.models import Account, DunningCase, DunningStep
from apps.payments.services import (
    accounts,
    collection,
    dunning_cases,
)
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.tenants.services import holds, lifecycle
from apps.usage.services import plan_changes
from tests.factories.unpaid import START, Debtor, fresh, states, told

DAY = 86_400
reverse = partial(reverse_of, urlconf="config.urls_public")


@pytest.fixture
def debtor(alpha, owner):
    return Debtor(alpha)


class TestSchedule:
    def test_mails_then_read_only_then_suspended(self, debtor, alpha, owner, browse, teacher):
        debtor.at(0)
        assert (debtor.case.stage, debtor.case.began_at) == (Stage.GRACE, START)
        assert fresh(alpha).unpaid_since == START
        debtor.through(1, 3, 5, 7, 9)
        assert told(owner) == ["payment_failed", *3 * ["payment_failed_reminder"]]
        assert (debtor.case.stage, fresh(alpha).is_read_only) == (Stage.REMINDED, False)
        debtor.at(10)
        assert (debtor.case.stage, told(owner)[-1]) == (Stage.READ_ONLY, "payment_failed_final")
        assert browse(teacher).get("/").status_code == 200
        assert browse(owner).post("/members/invite/", {}).status_code == 423
        debtor.at(14)
        found = fresh(alpha)
        assert (found.state, found.suspended_by) == ("suspended", "payments")
        assert (debtor.case.stage, told(owner)[-1]) == (Stage.SUSPENDED, "payment_suspended")

    def test_mails_say_what_is_owed_why_and_what_comes(self, debtor, owner):
        debtor.intent(failure_code="card_declined", decline_code="insufficient_funds")
        debtor.at(0)
        text = Message.objects.get(template="mail/payment_failed").text
        for words in ("€149.00", "TBX-1", "There was not enough money", "11 February 2027"):
            assert words in text

    def test_looking_again_does_and_tells_nothing_more(self, debtor, owner):
        debtor.through(0, 11)
        before = (told(owner), states(debtor.case), AuditEntry.objects.count())
        for _ in range(3):
            debtor.at(11)
        assert accounts.settle_all() == 1
        assert (told(owner), states(debtor.case), AuditEntry.objects.count()) == before

    def test_what_is_late_is_made_up_for_by_the_last(self, debtor, owner):
        debtor.through(0, 8)  # nobody looked for eight days
        assert told(owner) == ["payment_failed", "payment_failed_reminder"]

    def test_one_that_is_heard_of_late_begins_now(self, debtor, alpha, owner):
        debtor.at(45)
        assert debtor.case.began_at == debtor.account.now
        assert told(owner) == ["payment_failed"]
        assert not fresh(alpha).is_read_only

    def test_two_unpaid_invoices_are_one_row_of_mails(self, debtor, owner, alpha):
        debtor.at(0)
        second = debtor.owe("TBX-2")
        debtor.through(0.5, 3, 10)
        assert told(owner) == ["payment_failed", "payment_failed_reminder", "payment_failed_final"]
        debtor.paid(11)
        assert fresh(alpha).is_read_only  # the second one is not paid
        debtor.change(12, second, status="void")
        assert not fresh(alpha).is_read_only

    def test_while_stripe_tries_we_do_not(self, debtor):
        later = START + timedelta(days=2)
        debtor.change(1, next_attempt_at=later)
        step = debtor.case.steps.get(key="retry_1")
        assert (step.state, step.detail) == ("skipped", "Stripe tries by itself on 3 February")
        debtor.change(2, next_attempt_at=None)
        assert debtor.case.steps.get(key="retry_2").state == "asked"
        assert JobRun.objects.filter(name="payments.dun").count() == 1

    @pytest.mark.parametrize(
        "about",
        [
            {"attempt_count": 0, "attempted": False},
            {"amount_remaining": 0},
            {"collection": "send_invoice", "due_at": START + timedelta(days=2)},
            {"subscription_id": "sub_that_is_not_stored_yet"},
        ],
    )
    def test_what_is_not_chased(self, debtor, about):
        debtor.change(1, **about)
        assert not DunningCase.objects.exists()

    def test_a_direct_debit_under_way_is_not_chased_yet(self, debtor):
        intent = debtor.intent(status="processing")
        debtor.at(1)
        assert not DunningCase.objects.exists()
        type(intent).objects.update(status="requires_payment_method")
        debtor.at(2)
        assert debtor.case.amount == 14_900

    @pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "canceled"])
    def test_nor_a_checkout_that_fails_or_what_is_over(self, debtor, status):
        type(debtor.subscription).objects.update(status=status)
        debtor.at(1)
        assert not DunningCase.objects.exists()

    def test_a_bill_that_is_overdue(self, debtor, owner):
        debtor.change(0, collection="send_invoice", due_at=START - timedelta(hours=2))
        assert debtor.case.is_overdue
        assert "overdue" in Message.objects.get(template="mail/payment_failed").subject
        debtor.at(2)
        assert debtor.case.steps.get(key="retry_2").detail == "It is to be paid by transfer"

    def test_whose_workspace_is_gone_is_told_nothing(self, debtor, owner):
        debtor.at(0)
        Account.objects.update(tenant=None)
        debtor.at(10)
        assert debtor.case.steps.get(key="read_only").detail == "The workspace is gone"
        assert told(owner) == ["payment_failed"]

    def test_a_step_that_is_declared_no_more(self, debtor):
        debtor.at(0)
        DunningStep.objects.filter(key="retry_1").update(key="phone_call")
        debtor.at(1)
        assert debtor.case.steps.get(key="phone_call").state == "skipped"


class TestEnd:
    def test_paying_brings_all_back(self, debtor, alpha, owner):
        debtor.through(0, 10, 14)
        debtor.paid(15)
        case, found = debtor.case, fresh(alpha)
        assert (case.outcome, case.ended_at) == ("recovered", START + timedelta(days=15))
        assert (found.state, found.is_read_only, found.unpaid_since) == ("active", False, None)
        assert told(owner)[-1] == "payment_recovered"
        assert "payment_confirmed" not in told(owner)
        assert "pending" not in states(case).values()

    @pytest.mark.parametrize(
        ("values", "outcome"),
        [
            ({"status": "void"}, "voided"),
            ({"status": "uncollectible"}, "written_off"),
            ({"status": "paid", "amount_remaining": 0}, "credited"),
        ],
    )
    def test_it_ends_with_its_invoice(self, debtor, alpha, owner, values, outcome):
        debtor.through(0, 11)
        debtor.change(12, **values)
        assert (debtor.case.outcome, fresh(alpha).is_read_only) == (outcome, False)
        assert "payment_recovered" not in told(owner)

    def test_one_written_off_that_is_paid_after_all(self, debtor, owner):
        debtor.at(0)
        debtor.change(1, status="uncollectible")
        debtor.paid(9)
        assert debtor.case.outcome == "recovered"

    @pytest.mark.parametrize(
        ("reason", "mail"), [("payment_failed", True), ("cancellation_requested", False)]
    )
    def test_the_subscription_ends(self, debtor, owner, alpha, reason, mail):
        debtor.through(0, 11)
        type(debtor.subscription).objects.update(
            status="canceled", ended_at=START + timedelta(days=12), cancel_reason=reason
        )
        debtor.at(12)
        assert (debtor.case.outcome, fresh(alpha).is_read_only) == ("cancelled", False)
        assert ("payment_ended" in told(owner)) == mail

    def test_what_operators_suspended_stays_so(self, debtor, alpha):
        debtor.at(0)
        lifecycle.suspend(tenant=alpha, reason="Spam", by=None)
        debtor.through(10, 14)
        assert "already" in debtor.case.steps.get(key="suspension").detail
        debtor.paid(15)
        found = fresh(alpha)
        assert (found.state, found.suspension_reason, found.is_read_only) == (
            "suspended", "Spam.", False,
        )  # fmt: skip

    def test_schools_share_their_districts_fate_and_no_other(self, alpha, beta, owner):
        debtor = Debtor(alpha, plan="district")
        plan_changes.change(tenant=alpha, plan="district", by=None)
        Tenant.objects.filter(pk=beta.pk).update(parent=alpha)
        debtor.through(0, 10, 14)
        found = fresh(beta)
        assert (found.is_read_only, found.state) == (True, "suspended")
        assert "district" in found.read_only_reason
        debtor.paid(15)
        assert (fresh(beta).is_read_only, fresh(beta).state) == (False, "active")
        holds.make_read_only(tenant=beta, reason="A payment is overdue.")  # its own affair
        debtor.at(16)
        assert fresh(beta).is_read_only


class TestOperators:
    def test_more_days_lift_what_would_come_later(self, debtor, alpha, operator):
        debtor.through(0, 10, 11)
        by = Operator(operator)
        with pytest.raises(Invalid):
            dunning_cases.extend(case=debtor.case, days=0, reason="", by=by)
        dunning_cases.extend(case=debtor.case, days=7, reason="Holidays", by=by)
        step = debtor.case.steps.get(key="read_only")
        assert (step.state, step.due_at) == ("pending", START + timedelta(days=17))
        assert not fresh(alpha).is_read_only
        debtor.at(17)
        assert fresh(alpha).is_read_only
        entry = AuditEntry.objects.get(action="dunning.extended")
        assert (entry.data["days"], entry.data["reason"]) == (7, "Holidays")
        assert (entry.schema_name, entry.actor_id) == (alpha.schema_name, operator.pk)

    def test_more_time_takes_back_what_no_job_has_done_yet(self, debtor, operator):
        debtor.through(0, 31)
        assert states(debtor.case)["end"] == "asked"
        dunning_cases.extend(case=debtor.case, days=7, reason="Holidays", by=Operator(operator))
        step = debtor.case.steps.get(key="end")
        assert (step.state, step.due_at) == ("pending", START + timedelta(days=37))
        assert collection.carry_out(step_id=str(step.pk)) == "There was nothing to do any more"

    def test_a_case_is_stopped_and_does_not_begin_again(self, debtor, alpha, operator):
        debtor.through(0, 11)
        dunning_cases.stop(case=debtor.case, reason="Agreed by phone", by=Operator(operator))
        assert not fresh(alpha).is_read_only
        debtor.at(13)
        assert DunningCase.objects.get().outcome == "stopped"
        with pytest.raises(CaseEnded):
            dunning_cases.stop(case=debtor.case, reason="Again", by=Operator(operator))

    def test_nobody_else_decides(self, debtor, owner):
        debtor.at(0)
        with pytest.raises(NotAllowed):
            dunning_cases.stop(case=debtor.case, reason="Me", by=Operator(owner))
