"""Rows beside Stripe's objects: what drifted is found, told field by field, and mended."""

from __future__ import annotations

from io import StringIO

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import CommandError, call_command

from apps.payments.errors import StripeError
from apps.payments.models import (
    Finding,
    Invoice,
    Payment,
    ReconcileRun,
    Refund,
    StripeEvent,
    Subscription,
)
from apps.payments.services import objects, reconciliation
from apps.payments.tasks import reconcile_all
from apps.usage.services import limits
from tests.factories.jobs import work_off
from tests.factories.stripe_events import make_payload

pytestmark = pytest.mark.django_db


def compare(*, repair=False, **about):
    return reconciliation.compare(reconciliation.begin(repair=repair, **about))


def found(run):
    rows = run.findings.order_by("object_type", "kind")
    return [(row.object_type, row.kind) for row in rows if row.object_type != "ledger"]


@pytest.fixture
def lost(billing):
    """Alpha subscribed, paid, and got some of it back; of none of it an event came."""
    account = billing.connect()
    billing.subscribe()
    charge = billing.stripe.api.charges.list({"customer": account.customer_id}).data[0]
    billing.stripe.api.refunds.create({"charge": charge.id, "amount": 900})
    billing.sync("customer")
    return account


def test_what_no_event_told_of_is_told_and_then_taken_in(billing, lost):
    told = compare()
    assert found(told) == [
        ("charge", "missing"), ("invoice", "missing"), ("refund", "missing"),
        ("subscription", "missing"),
    ]  # fmt: skip
    assert not Invoice.objects.exists()
    assert told.total("repaired") == 0
    run = compare(repair=True)
    assert found(run) == [
        ("charge", "missing"), ("invoice", "missing"), ("refund", "missing"),
        ("subscription", "missing"),
    ]  # fmt: skip
    assert {row.is_repaired for row in run.findings.all()} == {True}
    assert Payment.objects.get().amount_refunded == Refund.objects.get().amount == 900
    assert Invoice.objects.get().status == "paid"
    assert limits.plan_of(billing.tenant).slug == "school"
    again = compare()
    assert (again.drift, again.counts["invoice"]) == (0, {"seen": 1})


def test_what_differs_is_told_field_by_field(billing, lost):
    compare(repair=True)
    Subscription.objects.update(seats=7, status="past_due")
    Invoice.objects.update(total=1, hosted_url="https://elsewhere.example/")
    for customer_id in ("", lost.customer_id):
        run = compare(customer_id=customer_id)
        differences = {row.object_type: row.differences for row in run.findings.all()}
        assert differences["subscription"] == {
            "seats": [7, 0], "status": ["past_due", "active"],
        }  # fmt: skip
        assert differences["invoice"] == {"total": [1, 14_900]}
    assert Subscription.objects.get().seats == 7
    compare(repair=True)
    assert Subscription.objects.get().seats == 0
    assert Invoice.objects.get().total == 14_900


def test_what_an_event_is_about_to_change_is_no_drift(billing, lost):
    compare(repair=True)
    row = Subscription.objects.get()
    billing.stripe.api.subscriptions.update(row.pk, {"cancel_at_period_end": True})
    about = {"id": row.pk, "object": "subscription", "customer": lost.customer_id}
    StripeEvent.objects.insert_once(
        StripeEvent.of(make_payload(about, "customer.subscription.updated"))
    )
    assert found(compare()) == []
    StripeEvent.objects.all().delete()
    assert found(compare()) == [("subscription", "different")]


def test_a_row_that_stripe_does_not_know_is_told(billing, lost):
    compare(repair=True)
    invoice = Invoice.objects.get()
    invoice.pk, invoice.number, invoice.status = "in_phantom", "PHANTOM-1", "open"
    invoice.save(force_insert=True)
    run = compare(repair=True)
    assert found(run) == [("invoice", "surplus")]
    assert not run.findings.get(object_type="invoice").is_repaired


def test_others_customers_are_left_alone(billing, lost):
    stranger = billing.stripe.customer()
    price = billing.stripe.price()
    billing.stripe.api.subscriptions.create(
        {"customer": stranger.id, "items": [{"price": price.id}]}
    )
    compare(repair=True)
    assert Subscription.objects.get().account == lost


def test_while_stripe_is_away_nothing_is_concluded(billing, lost, settings):
    compare(repair=True)
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"
    with pytest.raises(StripeError):
        compare(repair=True)
    run = ReconcileRun.objects.first()
    assert (run.state, run.drift) == ("failed", 0)
    assert run.finished_at
    assert Invoice.objects.get().status == "paid"


def test_its_time_limit_ends_it(lost, monkeypatch):
    def take_too_long(*_):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(objects, "project", take_too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        compare()
    run = ReconcileRun.objects.get()
    assert (run.state, "SoftTimeLimitExceeded" in run.problem["detail"]) == ("failed", True)


def test_a_draft_that_was_deleted_at_stripe_goes(billing, lost):
    compare(repair=True)
    draft = billing.stripe.api.invoices.create({"customer": lost.customer_id})
    billing.sync("invoice")
    billing.stripe.api.invoices.delete(draft.id)
    assert found(compare()) == [("invoice", "surplus")]
    assert Invoice.objects.filter(pk=draft.id).exists()
    run = compare(repair=True)
    assert (found(run), run.total("repaired")) == ([("invoice", "surplus")], 1)
    assert [one.status for one in Invoice.objects.all()] == ["paid"]
    assert compare().drift == 0


def test_a_customer_that_was_deleted_at_stripe_is_let_go(billing, lost):
    compare(repair=True)
    billing.stripe.api.customers.delete(lost.customer_id)
    run = compare(repair=True)
    assert (found(run), run.drift) == ([("customer", "surplus")], run.total("repaired"))
    lost.refresh_from_db()
    assert (lost.customer_id, Subscription.objects.get().status) == (None, "canceled")
    assert [one.status for one in Invoice.objects.all()] == ["paid"]
    assert compare(repair=True).drift == 0
    billing.connect(card="")
    assert compare(repair=True).drift == 0


def test_what_stripe_never_forgets_and_knows_no_more_ends_nothing(billing, lost):
    """As after a test clock went, with everything that lived by it."""
    compare(repair=True)
    row = Subscription.objects.get()
    row.pk = "sub_phantom"
    row.save(force_insert=True)
    Payment.objects.update(amount_refunded=1)
    run = compare(repair=True)
    assert run.state == "finished"
    assert found(run) == [("charge", "different"), ("subscription", "surplus")]
    told = run.findings.get(object_type="subscription")
    assert (told.is_repaired, told.problem["code"]) == (False, "stripe_object_missing")
    assert Payment.objects.get().amount_refunded == 900


def test_what_cannot_be_taken_in_is_told_and_holds_up_nothing(billing, lost, monkeypatch):
    def fail(*_):
        raise ValueError("poison")

    monkeypatch.setitem(objects.PROJECTIONS, "invoice", (fail,))
    run = compare(repair=True)
    assert run.state == "finished"
    assert found(run) == [
        ("charge", "missing"), ("invoice", "failed"), ("refund", "missing"),
        ("subscription", "missing"),
    ]  # fmt: skip
    assert "poison" in run.findings.get(kind="failed").problem["detail"]


def test_who_asks_while_one_is_under_way_gets_that(lost):
    first = reconciliation.request(repair=True)
    assert reconciliation.request(repair=True) == first
    assert ReconcileRun.objects.get() == first


def test_nightly_it_is_a_job(billing, lost):
    assert reconcile_all() == 1
    assert reconcile_all() == 0
    runs = [run for run in work_off() if run.name == "payments.reconcile"]
    assert [run.state for run in runs] == ["succeeded"]
    assert runs[0].result["repaired"] >= 3
    assert Invoice.objects.get().status == "paid"
    assert reconcile_all() == 1


def test_on_the_command_line(billing, lost):
    def say(*words):
        out = StringIO()
        call_command("billing", "reconcile", *words, stdout=out)
        return out.getvalue()

    assert "subscription" in say()
    assert "repaired" in say("--repair", "--account", "alpha")
    assert "0 repaired" in say("--since", "2026-01-01")
    assert "had never come" in say("--events")
    with pytest.raises(CommandError, match="no customer"):
        say("--account", "nobody")
    assert Finding.objects.exists()
