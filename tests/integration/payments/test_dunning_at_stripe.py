"""An invoice stays unpaid at the sandbox's Stripe, by a test clock: each deed is one."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from django.urls import reverse as reverse_of

from apps.jobs.models import JobRun
from apps.payments.models import Account, DunningCase, DunningStep, Invoice
from apps.payments.services import (
    accounts,
    collection,
    dunning_cases,
    dunning_timeline,
    invoice_deeds,
)
from apps.tenants.access import Operator
from apps.usage.services import limits
from tests.factories.jobs import work_off
from tests.factories.unpaid import fresh, states, told

DAY = 86_400
reverse = partial(reverse_of, urlconf="config.urls_public")
BAD, GOOD = "pm_card_chargeCustomerFail", "pm_card_visa"


class Life:
    """Alpha's life on a test clock at the sandbox's Stripe."""

    def __init__(self, billing):
        self.billing, self.api = billing, billing.stripe.api
        self.account = billing.connect(clock=True)
        self.at = 1_798_761_600
        self.tell_time()

    def tell_time(self):
        now = datetime.fromtimestamp(self.at, UTC)
        Account.objects.filter(pk=self.account.pk).update(simulated_at=now)

    def pay_with(self, card):
        customer = self.account.customer_id
        method = self.api.payment_methods.attach(card, {"customer": customer})
        chosen = {"default_payment_method": method.id}
        self.api.customers.update(customer, {"invoice_settings": chosen})

    def go_on(self, days=0.0):
        """Let days pass, hear of what happened, and do what that asks for."""
        self.at += round(days * DAY)
        if days:
            self.billing.stripe.advance(self.account.clock_id, self.at)
        self.tell_time()
        self.billing.sync("payment_intent", "subscription", "invoice")
        work_off()

    def fail(self):
        """A month is paid, the second one is not: minutes after the failure."""
        self.billing.subscribe()
        self.go_on()
        self.pay_with(BAD)
        self.go_on(31 + 1.1 / 24)
        return DunningCase.objects.get()


class TestAtStripe:
    @pytest.fixture
    def life(self, billing, owner):
        return Life(billing)

    @pytest.fixture
    def no_retries(self, life, sandbox_process):
        """Stripe never tries again, and leaves the subscription as it is."""
        wish = {"retry_days": [], "after_last_retry": "past_due"}
        sandbox_process.call("POST", "stripe/settings", {"key": life.billing.stripe.key, **wish})

    def test_stripes_own_retry_brings_the_money(self, life, owner):
        case = life.fail()
        life.pay_with(GOOD)
        life.go_on(1.5)
        case.refresh_from_db()
        assert case.outcome == "recovered"
        assert told(owner) == ["payment_confirmed", "payment_failed", "payment_recovered"]

    @pytest.mark.usefixtures("no_retries")
    def test_our_own_tries_fail_and_the_subscription_ends(self, life, owner, alpha):
        case = life.fail()
        for days in (1, 13.2, 16):
            life.go_on(days)
        case.refresh_from_db()
        assert (case.outcome, states(case)["end"]) == ("cancelled", "done")
        assert told(owner)[-1] == "payment_ended"
        found = fresh(alpha)
        assert (found.state, found.is_read_only, found.unpaid_since) == ("active", False, None)
        assert limits.plan_of(found).slug == "free"
        subscription = life.api.subscriptions.retrieve(case.invoice.subscription_id)
        invoice = life.api.invoices.retrieve(case.invoice_id)
        assert (subscription.status, invoice.status) == ("canceled", "uncollectible")

    @pytest.mark.usefixtures("no_retries")
    def test_a_job_that_failed_for_good_is_taken_up_again(
        self, life, console, sandbox_process, owner, browse
    ):
        case = life.fail()
        subscription = case.invoice.subscription_id
        sandbox_process.faults(f"DELETE /v1/subscriptions/{subscription}", status=400)
        life.at += 40 * DAY
        life.tell_time()
        for _ in range(2):
            accounts.settle(life.billing.account)
        work_off()
        end = case.steps.get(key="end")
        jobs = JobRun.objects.filter(arguments__step_id=str(end.pk))
        assert (jobs.get().state, end.state) == ("failed", "asked")
        for page in (
            reverse("admin:payments_dunning_board"),
            reverse("admin:payments_dunningcase_change", args=[case.pk]),
        ):
            assert "It did not come off yet" in console.get(page).content.decode()
        page = browse(owner).get("/settings/billing/payment-problems/").content.decode()
        assert "It did not come off yet" not in page
        for _ in range(2):
            accounts.settle(life.billing.account)
        work_off()
        case.refresh_from_db()
        assert (case.outcome, states(case)["end"], jobs.count()) == ("cancelled", "done", 2)

    @pytest.mark.usefixtures("no_retries")
    def test_who_has_just_paid_keeps_the_subscription(self, life, alpha):
        """Although nobody has told us of it yet."""
        case = life.fail()
        life.pay_with(GOOD)
        life.api.invoices.pay(case.invoice_id)
        step = case.steps.get(key="end")
        DunningStep.objects.filter(pk=step.pk).update(state="asked")
        assert collection.carry_out(step_id=str(step.pk)) == "It was settled before"
        case.refresh_from_db()
        assert (case.outcome, states(case)["end"]) == ("recovered", "skipped")
        subscription = life.api.subscriptions.retrieve(case.invoice.subscription_id)
        assert subscription.status == "active"

    @pytest.mark.usefixtures("no_retries")
    def test_killed_and_repeated_each_deed_is_one(self, life, operator, owner):
        case = life.fail()
        life.go_on(1)
        step = case.steps.get(key="retry_1")
        assert (step.state, step.detail) == ("done", "The bank declined the payment.")
        DunningStep.objects.filter(pk=step.pk).update(state="asked")  # died before it said so
        again = {"step_id": str(step.pk), "run": str(JobRun.objects.get(name="payments.dun").pk)}
        assert collection.carry_out(**again) == "The bank declined the payment."
        assert Invoice.objects.get(pk=case.invoice_id).attempt_count == 2
        assert collection.carry_out(step_id=str(step.pk)) == "There was nothing to do any more"
        by = Operator(operator)
        assert dunning_cases.retry(case=case, by=by) == "The bank declined the payment."
        invoice_deeds.write_off(invoice=case.invoice, reason="Bankrupt", by=by)
        case.refresh_from_db()
        assert (case.outcome, case.invoice.status) == ("written_off", "uncollectible")
        told = [entry.action for entry in dunning_timeline.deeds_of(case)]
        assert told == ["dunning.retried", "invoice.written_off"]
