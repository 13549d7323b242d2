"""Operators look at the business and at customers, and move money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from django.urls import reverse

from apps.core.errors import NotAllowed
from apps.payments.models import (
    Account,
    CustomerCredit,
    Dispute,
    Invoice,
    Payment,
    Refund,
    Subscription,
    SubscriptionChange,
)
from apps.payments.services import business, customer_search, demo_customers, ledger, objects
from tests.factories.payments import make_account, make_invoice, make_payment, pay_and_dispute

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)


def url(name, *args):
    return reverse(f"admin:{name}", urlconf="config.urls_public", args=args)


def act(console, model, name, row, **form):
    wish = {"action": name, "_selected_action": str(row.pk), "confirmed": "yes", **form}
    answer = console.post(url(f"payments_{model}_changelist"), wish, follow=True)
    return answer.content.decode()


class TestBusiness:
    def subscribe(self, tenant, ident, *steps, plan="school", trial=None):
        account = make_account(tenant, customer_id=f"cus_{ident}")
        row = Subscription.objects.create(
            pk=f"sub_{ident}", account=account, status="active", plan=plan, interval="month",
            amount=14_900, collection="charge_automatically", created_at=NOW - timedelta(days=90),
            trial_start=trial, trial_end=trial and trial + timedelta(days=30), data={},
        )  # fmt: skip
        for days, monthly in steps:
            SubscriptionChange.objects.create(
                account=account, subscription=row, at=NOW - timedelta(days=days), monthly=monthly
            )
        return account

    def test_figures_are_made_of_rows(self, alpha, beta):
        begun = NOW - timedelta(days=70)
        account = self.subscribe(alpha, "a", (40, 2_900), (10, 14_900), (-5, 0), trial=begun)
        self.subscribe(beta, "b", (75, 2_900), (5, 0), plan="starter")
        paid = make_invoice(account, "X-1", subscription_id="sub_a")
        at = NOW - timedelta(days=3)
        for number in "12":
            make_payment(account, number, status="failed", at=at, invoice=paid, amount_captured=0)
        report = business.report(until=NOW)
        month = report.months[-1]
        assert (month.opening, month.closing, month.customers) == (5_800, 14_900, 1)
        kinds = sorted((one.kind.value, one.amount) for one in month.movements)
        assert kinds == [("churn", -2_900), ("expansion", 12_000)]
        failing = report.failing[-1]
        assert (failing.attempts, failing.invoices, failing.recovered) == (2, 1, 1)
        [cohort] = [one for one in report.trials if one.trials]
        assert (cohort.start.month, cohort.converted, cohort.rate) == (1, 1, 1)
        assert [(one.plan, one.monthly) for one in report.plans] == [("school", 14_900)]
        assert report.later == 1

    def test_retention_is_of_those_who_paid_a_year_ago_to_the_day(self, alpha, beta):
        self.subscribe(alpha, "a", (367, 10_000), (20, 5_000))
        self.subscribe(beta, "b", (380, 10_000), (366, 0))
        assert business.report(until=NOW).retention == Fraction(1, 2)

    def test_the_page_shows_them_in_few_queries(
        self, console, alpha, beta, django_assert_max_num_queries
    ):
        begun = datetime.now(UTC) - timedelta(days=20)
        for tenant in (alpha, beta):
            account = make_account(tenant, customer_id=f"cus_{tenant.pk}")
            row = Subscription.objects.create(
                pk=f"sub_{tenant.pk}", account=account, status="active", plan="school",
                interval="month", collection="charge_automatically", created_at=begun, data={},
            )  # fmt: skip
            SubscriptionChange.objects.create(
                account=account, subscription=row, at=begun, monthly=14_900
            )
        with django_assert_max_num_queries(24):
            page = console.get(url("payments_business") + "?months=24").content.decode()
        assert "€298.00" in page
        assert "What the figures mean" in page

    def test_customers_do_not_see_it(self, browse, owner):
        assert browse(owner, tenant=None).get(url("payments_business")).status_code == 302


class TestSearch:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("alpha", True), ("OLIVIA@alpha", True), ("TBX-1", True), ("tbx-1", True),
            ("TBX-2", False), ("4242", True), ("4242 2026-11-20", True), ("4242 2026-11-25", False),
            ("4242 2026-13-45", False), ("0000", False), ("cus_1", True), ("ch_1", True),
            ("pi_1", True), ("in_TBX-1", True), ("sub_1", True), ("re_1", True), ("du_1", True),
            ("sub_2", False), ("DE123", True), ("tom@alpha", False),
        ],
    )  # fmt: skip
    def test_a_customer_is_found_by_what_one_has(self, alpha, owner, teacher, words, found):
        account = pay_and_dispute(alpha)
        Account.objects.update(vat_id="DE123")
        Payment.objects.update(created_at=datetime(2026, 11, 20, 23, tzinfo=UTC))
        seen = customer_search.find(words, among=Account.objects.all()).distinct()
        assert list(seen) == ([account] if found else [])

    def test_the_list_searches_so(self, console, alpha):
        address = url("payments_account_change", pay_and_dispute(alpha).pk)
        for words, found in (("pi_1", True), ("pi_2", False)):
            page = console.get(url("payments_account_changelist"), {"q": words}).content.decode()
            assert (address in page) is found


class TestStory:
    def test_it_has_everything_in_queries_that_do_not_grow(
        self, console, alpha, django_assert_max_num_queries
    ):
        account = pay_and_dispute(alpha)
        address = url("payments_account_change", account.pk)
        console.get(address)
        for number in range(30):
            invoice = make_invoice(account, f"N-{number}")
            make_payment(account, f"n{number}", invoice=invoice)
        with django_assert_max_num_queries(40):
            page = console.get(address).content.decode()
        for words in ("Invoice TBX-1 over €149.00", "€149.00 paid with Visa 4242", "disputed",
                      "Refund of €1.00", "Credit of €5.00", "A subscription began"):  # fmt: skip
            assert words in page
        only = console.get(address, {"kind": "dispute"}).content.decode()
        assert "Invoice TBX-1 over" not in only


class TestDeeds:
    def test_a_refund_is_asked_for_and_another_operator_approves(
        self, console, paid, otto, billing
    ):
        payment = paid(amount=30_000)
        form = {"amount": "250.00", "reason": "duplicate", "note": "Ticket 1"}
        assert "Asked for" in act(console, "payment", "refund", payment, **form)
        row = Refund.objects.get()
        assert (row.amount, row.state) == (25_000, "waiting")
        refused = act(console, "refund", "approve", row)
        assert "does not approve of it" in refused
        page = console.get(url("payments_refund_changelist")).content.decode()
        assert "Waits for approval" in page
        assert "Withdrawn" in act(console, "refund", "withdraw", row)

    def test_too_much_says_how_much_is_left(self, console, alpha):
        pay_and_dispute(alpha)
        payment = Payment.objects.get()
        form = {"amount": "150.00", "reason": "duplicate", "note": "x"}
        page = act(console, "payment", "refund", payment, **form)
        assert "€149.00: that much is left" in page

    def test_a_customer_is_credited(self, console, alpha):
        account = pay_and_dispute(alpha)
        act(console, "account", "credit", account, amount="12.50", note="Sorry")
        assert CustomerCredit.objects.filter(amount=1_250, state="ready").count() == 1

    def test_a_dispute_is_answered_from_a_page(self, console, paid, billing):
        paid("pm_card_createDispute")
        [made] = billing.stripe.api.disputes.list().data
        objects.fetch("dispute", made.id)
        address = url("payments_dispute_answer", made.id)
        page = console.get(address).content.decode()
        assert "ToolBoxAI, software" in page
        form = {"uncategorized_text": "winning_evidence", "submit": ""}
        page = console.post(address, form, follow=True).content.decode()
        assert "The bank has your answer." in page
        assert "Won" in page

    def test_what_is_to_be_answered_stands_out_as_an_inquiry_too(self, console, alpha):
        pay_and_dispute(alpha)
        colours = []
        for status in ("needs_response", "warning_needs_response", "warning_closed"):
            Dispute.objects.update(status=status)
            page = console.get(url("payments_dispute_changelist")).content.decode()
            colours.append(page.count("bg-red-100 text-red-700"))
        to_answer, inquiry, closed = colours
        assert to_answer == inquiry == closed + 1

    def test_an_open_invoice_is_written_off(self, console, billing):
        billing.connect(card="")
        billing.subscribe(collection_method="send_invoice", days_until_due=30)
        [draft] = billing.stripe.api.invoices.list().data
        billing.stripe.api.invoices.send_invoice(draft.id)
        billing.sync()
        invoice = Invoice.objects.get()
        act(console, "invoice", "write_off", invoice, reason="Bankrupt")
        invoice.refresh_from_db()
        assert invoice.status == "uncollectible"


class TestDemo:
    def test_a_made_up_life_is_played_and_taken_in(self, billing, monkeypatch):
        life = demo_customers.Life(
            "Elm", "FR", 4, "school",
            turns=((1.5, "card", demo_customers.BAD_CARD), (2.1, "card", "pm_card_visa"),
                   (2.2, "plan", "starter"), (2.3, "refund", ""), (3.5, "cancel", "")),
        )  # fmt: skip
        monkeypatch.setattr(demo_customers, "LIVES", (life,))
        assert demo_customers.seed() == 1
        assert demo_customers.seed() == 0
        account = Account.objects.get(name="Elm")
        assert account.payments.failed().exists()
        assert [row.amount for row in account.refunds.all()] == [2_500]
        assert ledger.balance(of="revenue", account=account) > 0
        worth = SubscriptionChange.objects.filter(account=account).order_by("at")
        assert [one.monthly for one in worth][:2] == [14_900, 2_900]

    def test_never_at_stripe_itself(self, settings):
        settings.STRIPE_API_HOST = "https://api.stripe.com"
        with pytest.raises(NotAllowed):
            demo_customers.seed()
