"""The ledger: what is earned when, what PostgreSQL refuses, statements, pages, commands."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.payments import stripe_api
from apps.payments.ledger.movements import movement
from apps.payments.ledger.recognition import Schedule
from apps.payments.models import Account, LedgerEntry, LedgerTransaction
from apps.payments.services import accounts, ledger, objects
from apps.payments.services.ledger import posting, schedules
from apps.payments.services.ledger.posting import Source

pytestmark = pytest.mark.django_db

NEW_YEAR = 1_798_761_600
KINDS = ("customer", "subscription", "invoice", "credit_note", "charge", "refund")


def fetch(account, *kinds):
    for kind in kinds or KINDS:
        if kind == "customer":
            objects.fetch(kind, account.customer_id)
            continue
        wish = {"customer": account.customer_id} if kind != "refund" else {}
        if kind == "subscription":
            wish["status"] = "all"
        for found in stripe_api.each(kind, **wish):
            objects.store(found)
    account.refresh_from_db()


def check_constraints():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def school(alpha):
    return accounts.of(alpha)


def post(account, *entries, ident="in_x", kind="finalized", at=NEW_YEAR):
    source = Source("invoice", ident, account, "eur")
    return posting.post(source, [movement(kind, "Invoice 1", at, entries)])


def write_by_hand(entries, **about):
    made = LedgerTransaction.objects.create(key="x", kind="x", source_id="x", **about)
    for code, amount, currency in entries:
        values = {"ledger_account": code, "amount": amount, "currency": currency}
        LedgerEntry.objects.create(transaction=made, **values, **about)
    check_constraints()


class TestRules:
    def test_nothing_is_posted_twice_and_a_change_is_a_correction(self, school):
        post(school, ("receivable", 1_000), ("deferred_revenue", -1_000))
        assert post(school, ("receivable", 1_000), ("deferred_revenue", -1_000)) == []
        [corrects] = post(
            school, ("receivable", 900), ("deferred_revenue", -800), ("tax_payable", -100, "txr_1")
        )
        assert (corrects.key, corrects.memo) == ("in_x:finalized:2", "Correction: Invoice 1")
        assert corrects.corrects.key == "in_x:finalized"
        assert ledger.balance(of="receivable", account=school) == 900
        assert ledger.balance(of="tax_payable", detail="txr_1") == 100
        check_constraints()

    def test_entries_that_do_not_balance_are_no_movement(self):
        with pytest.raises(ValueError, match="do not balance"):
            movement("paid", "", NEW_YEAR, [("receivable", 1)])

    @pytest.mark.parametrize(
        "entries", [[("receivable", 5)], [("receivable", 5), ("revenue", -4)], []]
    )
    def test_postgresql_refuses_what_does_not_balance(self, school, entries):
        about = {"account": school, "occurred_at": datetime(2027, 1, 1, tzinfo=UTC)}
        with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
            write_by_hand([(*entry, "eur") for entry in entries], **about)

    def test_postgresql_refuses_entries_of_another_currency(self, school):
        about = {"account": school, "occurred_at": datetime(2027, 1, 1, tzinfo=UTC)}
        entries = [("receivable", 5, "usd"), ("revenue", -5, "eur")]
        with pytest.raises(IntegrityError, match="differ from it"), transaction.atomic():
            write_by_hand(entries, **about)

    @pytest.mark.parametrize("model", [LedgerTransaction, LedgerEntry])
    def test_postgresql_refuses_any_change(self, school, model):
        post(school, ("receivable", 1_000), ("deferred_revenue", -1_000))
        check_constraints()
        for deed in (
            lambda: model.objects.update(currency="usd"),
            lambda: model.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                deed()


class TestRecognition:
    def test_a_month_is_earned_by_day_and_told_by_month(self, billing):
        account = billing.connect(clock=True)
        billing.subscribe(amount=3_100)
        fetch(account)
        assert ledger.verify([account]) == []
        assert ledger.balance(of="deferred_revenue") == 3_100
        assert ledger.recognise(date(2027, 1, 11)) == 1
        assert ledger.balance(of="revenue") == 1_000
        assert (ledger.recognise(date(2027, 1, 11)), ledger.recognise(date(2027, 1, 5))) == (0, 0)
        ledger.recognise(date(2027, 3, 1))
        assert ledger.balance(of="revenue") == 3_100
        assert ledger.balance(of="deferred_revenue") == 0
        months = ledger.by_month(last=date(2027, 2, 1), count=2)
        assert [(one.earned, one.deferred) for one in months] == [(3_100, 0), (0, 0)]

    def test_who_leaves_without_money_back_has_paid_for_it_all(self, billing):
        account = billing.connect(clock=True)
        made = billing.subscribe(amount=3_100)
        fetch(account)
        billing.stripe.advance(account.clock_id, NEW_YEAR + 10 * 86_400)
        billing.stripe.api.subscriptions.cancel(made.id, {"prorate": False})
        ledger.recognise(date(2027, 1, 11))
        fetch(account)
        ledger.recognise(date(2027, 1, 12))
        assert ledger.balance(of="revenue") == 3_100

    def test_a_credit_note_takes_back_what_was_earned_and_what_was_not(self, billing):
        account = billing.connect(clock=True)
        made = billing.subscribe(amount=3_100)
        billing.stripe.advance(account.clock_id, NEW_YEAR + 10 * 86_400)
        wish = {"invoice": made.latest_invoice, "refund_amount": 3_100}
        billing.stripe.api.credit_notes.create(wish)
        fetch(account, "customer", "credit_note", "refund", "invoice", "charge")
        ledger.recognise(date(2027, 1, 12))
        assert ledger.balance(of="revenue") == 1_100
        assert ledger.balance(of="credit_notes") == -1_100
        assert ledger.balance(of="deferred_revenue") == 0
        assert ledger.balance(of="refunds") == 0
        assert ledger.verify([account]) == []

    @pytest.fixture
    def plan(self, school):
        def make(starts_on, ends_on, from_on):
            from_at = datetime.combine(from_on, time(), UTC)
            dates = {"starts_on": starts_on, "ends_on": ends_on, "from_on": from_on}
            term = schedules.Term(from_at, None)
            return partial(
                schedules.keep, Source("invoice", "in_x", school, "eur"),
                [Schedule("il_x", 5_900, **dates)],
            ), term  # fmt: skip

        return make

    def earned(self):
        months = ledger.by_month(last=date(2027, 2, 1), count=3)
        return [one.earned for one in months]

    def test_what_is_void_and_heard_of_late_leaves_no_month_less_than_nothing(self, plan):
        keep, term = plan(date(2027, 1, 1), date(2027, 3, 1), date(2027, 1, 1))
        keep(term)
        ledger.recognise(date(2027, 2, 11))
        assert self.earned() == [0, 3_100, 1_000]
        keep(replace(term, voided_at=datetime(2027, 1, 21, 12, tzinfo=UTC)))
        assert self.earned() == [0, 0, 0]
        ledger.recognise(date(2027, 3, 1))
        assert self.earned() == [0, 0, 0]

    def test_use_looked_at_again_stays_in_its_month(self, plan, school):
        keep, term = plan(date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1))
        keep(term)
        assert self.earned() == [0, 5_900, 0]
        keep(replace(term, from_at=term.from_at + timedelta(hours=1)))
        assert self.earned() == [0, 5_900, 0]

    def test_revenue_is_told_by_stream(self, billing):
        account = billing.connect(clock=True)
        product = {"id": "toolboxai_school", "name": "School"}
        billing.stripe.api.products.create(product)
        price = billing.stripe.price(
            14_900, product=product["id"], product_data=None, lookup_key="school_month"
        )
        wish = {"customer": account.customer_id, "items": [{"price": price.id}]}
        billing.stripe.api.subscriptions.create(wish)
        fetch(account)
        ledger.recognise(date(2027, 3, 1))
        assert ledger.balance(of="revenue", detail="subscription/school") == 14_900


class TestStatement:
    def test_it_adds_up(self, school):
        post(school, ("receivable", 1_000), ("deferred_revenue", -1_000))
        paid = [("unapplied", 1_000), ("receivable", -1_000)]
        post(school, *paid, ident="in_x2", kind="paid", at=NEW_YEAR + 60)
        charged = [("stripe_balance", 970), ("stripe_fees", 30), ("unapplied", -1_000)]
        post(school, *charged, ident="ch_x", kind="charged", at=NEW_YEAR + 50)
        later = [("receivable", 500), ("deferred_revenue", -500)]
        post(school, *later, ident="in_y", at=NEW_YEAR + 86_400)
        day = datetime(2027, 1, 2, tzinfo=UTC)
        first = ledger.statement(school, datetime(2027, 1, 1, tzinfo=UTC), day)
        assert (first.opening, first.charged, first.settled, first.closing) == (0, 1_000, 1_000, 0)
        assert [line.owed for line in first.lines] == [1_000, 0]
        second = ledger.statement(school, day, datetime(2027, 1, 3, tzinfo=UTC))
        assert (second.opening, second.closing) == (0, 500)
        assert [(one.code, amount) for one, amount in second.parts] == [("receivable", 500)]

    def test_a_credit_note_stands_before_the_refund_of_it(self, school):
        for kind, amount, other in (
            ("refund", 250, "stripe_balance"), ("credit_note", -250, "deferred_revenue"),
        ):  # fmt: skip
            entries = [("refunds", amount), (other, -amount)]
            made = movement(kind, kind, NEW_YEAR, entries)
            posting.post(Source(kind, f"{kind}_x", school, "eur"), [made])
        start, end = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)
        assert [one.owed for one in ledger.statement(school, start, end).lines] == [-250, 0]

    def test_it_is_of_one_customer(self, school):
        other = Account.objects.create(schema_name="w_other", name="Other")
        post(other, ("receivable", 1_000), ("deferred_revenue", -1_000))
        far = datetime(2030, 1, 1, tzinfo=UTC)
        assert ledger.statement(school, datetime(2020, 1, 1, tzinfo=UTC), far).lines == []


def url(name, *args):
    return reverse(f"admin:{name}", urlconf="config.urls_public", args=args)


class TestConsole:
    def test_the_trial_balance_leads_to_transactions_and_statements(self, console, school):
        [made] = post(
            school, ("receivable", 1_190), ("deferred_revenue", -1_000), ("tax_payable", -190, "x")
        )
        page = console.get(url("payments_ledger")).content.decode()
        assert "are equal" in page
        assert "€11.90" in page
        listed = console.get(
            url("payments_ledgertransaction_changelist"), {"ledger": "tax_payable", "part": "x"}
        )
        assert "€11.90" in listed.content.decode()
        entries = console.get(url("payments_ledgertransaction_change", made.pk)).content.decode()
        assert "€1.90" in entries
        told = console.get(url("payments_ledger_statement", school.pk), {"last": "2027-12-31"})
        assert "€11.90" in told.content.decode()
        found = console.get(url("payments_ledgertransaction_changelist"), {"q": "invoice 1"})
        assert str(made.pk) in found.content.decode()
        for day in ("9999-12-31", "0001-01-01"):
            page = console.get(url("payments_ledger"), {"on": day}).content.decode()
            assert "Ensure this value is" in page
            assert console.get(url("payments_ledger_journal_csv"), {"last": day}).status_code == 200
        before = console.get(url("payments_ledger"), {"on": "2020-01-01"}).content.decode()
        assert "Nothing has moved yet." in before

    def test_as_tables_for_other_programs(self, console, school):
        school.name = "=HYPERLINK()"
        school.save()
        post(school, ("receivable", 1_000), ("deferred_revenue", -1_000))
        span = {"first": "2027-01-01", "last": "2027-01-01"}
        told = console.get(url("payments_ledger_journal_csv"), span)
        lines = b"".join(told.streaming_content).decode().splitlines()
        start = "2027-01-01T00:00:00+00:00,in_x:finalized,'=HYPERLINK(),in_x,Invoice 1,Receivables"
        assert lines[1] == f"{start},,10.00,,eur"
        trial = b"".join(console.get(url("payments_ledger_trial_csv")).streaming_content).decode()
        assert "deferred_revenue,Deferred revenue,liability,,0.00,10.00,eur" in trial

    def test_pages_take_as_many_queries_for_many_rows(
        self, console, school, django_assert_max_num_queries
    ):
        for number in range(30):
            post(
                school, ("receivable", 1), ("deferred_revenue", -1), ident=f"in_{number}", kind="f"
            )
        for page in (url("payments_ledgertransaction_changelist"), url("payments_ledger")):
            console.get(page)
            with django_assert_max_num_queries(15):
                console.get(page)

    @pytest.mark.parametrize("page", ["payments_ledger", "payments_ledger_journal_csv"])
    def test_nobody_else_comes_in(self, browse, owner, page):
        assert browse(owner, tenant=None).get(url(page)).status_code == 302


class TestCommand:
    def test_it_prints_sums_and_statements_and_compares_with_stripe(self, billing):
        account = billing.connect(clock=True)
        billing.subscribe(amount=3_100)
        fetch(account, "customer", "invoice")
        out = io.StringIO()
        with pytest.raises(CommandError, match="differ from Stripe's"):
            call_command("billing", "ledger", check=True, stdout=out)
        assert "stripe_balance: €0.00 here, €30.28 at Stripe" in out.getvalue()
        fetch(account)
        call_command("billing", "ledger", check=True, recognise=True, stdout=out)
        assert "All sums are Stripe's own." in out.getvalue()
        foreign = [("stripe_balance", 5), ("stripe_fees", -5)]
        source = Source("balance_transaction", "txn_x", None, "usd")
        posting.post(source, [movement("moved", "In dollars", NEW_YEAR, foreign)])
        call_command("billing", "ledger", check=True, stdout=out)
        for name in (account.schema_name, account.tenant.slug, account.customer_id):
            out = io.StringIO()
            call_command("billing", "ledger", customer=name, stdout=out)
            assert f"{account} owes €0.00" in out.getvalue()

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            ("ledger --on yesterday", "'yesterday' is no day. Write it like 2026-11-30."),
            ("ledger --on 9999-12-31", "'9999-12-31' is no day"),
            ("reconcile --since soon", "'soon' is no day"),
            ("endpoints rotate --overlap -3", "'-3' is no number of hours from 0 to 720"),
            ("endpoints rotate --overlap nan", "'nan' is no number of hours"),
            ("ledger --customer nobody", "There is no customer or workspace 'nobody'."),
        ],
    )
    def test_bad_input_is_answered_with_what_would_be_right(self, words, problem):
        with pytest.raises(CommandError, match=re.escape(problem)):
            call_command("billing", *words.split())
