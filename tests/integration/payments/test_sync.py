"""From events to rows: fetched, never believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.breaker import BreakerOpen
from apps.jobs.models import JobRun
from apps.payments import stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.errors import StripeError
from apps.payments.models import Account, Invoice, Payment, Refund, StripeEvent, Subscription
from apps.payments.services import checkouts, gaps, mirror, objects, sync
from tests.factories.jobs import work_off
from tests.factories.stripe_events import make_payload

pytestmark = pytest.mark.django_db
State = StripeEvent.State


def tell(found, kind="customer.updated", **about):
    event = StripeEvent.of(make_payload(found, kind), **about)
    assert StripeEvent.objects.insert_once(event)
    return event


def state_of(event):
    event.refresh_from_db()
    return event.state


def rows():
    """Everything that was made of Stripe's objects, as it can be compared."""
    found = [
        *Subscription.objects.order_by("pk").values(),
        *Invoice.objects.order_by("pk").values(),
    ]
    accounts = Account.objects.values("customer_id", "plan", "balance", "collection", "clock_id")
    return [*found, *accounts]


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def five_events(billing):
    """Of one subscription's life: made, paid, changed, ended; and its customer's change."""
    account = billing.connect()
    subscription = billing.subscribe()
    billing.stripe.api.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    billing.stripe.api.customers.update(account.customer_id, {"balance": -500})
    billing.stripe.api.subscriptions.cancel(subscription.id)
    wanted = (
        "customer.subscription.created", "invoice.paid", "customer.subscription.updated",
        "customer.updated", "customer.subscription.deleted",
    )  # fmt: skip
    newest = {}
    for event in billing.stripe.api.events.list({"limit": 100}).auto_paging_iter():
        newest.setdefault(event.type, event.to_dict(for_json=True))
    return account, [newest[kind] for kind in wanted]


def ends_of(account, left, known):
    """What dealing with the events that are left ends in, one at a time: an end for each order.
    From the same rows the same events are not gone through again.
    """
    key = (tuple(payload["id"] for payload in left), repr(rows()))
    if not left:
        assert not StripeEvent.objects.exclude(state=State.PROCESSED).exists()
        return [key[1]]
    if key not in known:
        known[key] = []
        for payload in left:
            with undone():
                StripeEvent.objects.insert_once(StripeEvent.of(payload))
                sync.sync(customer_id=account.customer_id)
                others = [one for one in left if one is not payload]
                known[key] += ends_of(account, others, known)
    return known[key]


def once(ask):
    known = {}

    def asked(*args, **params):
        key = repr((args, params))
        if key not in known:
            known[key] = ask(*args, **params)
        return known[key]

    return asked


def test_all_orders_of_five_events_end_in_the_same_rows(billing, monkeypatch):
    account, payloads = five_events(billing)
    # What Stripe says does not change any more, so it is asked once; dj-stripe's rows, which are
    # written as slowly as they are seldom read, are left out.
    monkeypatch.setattr(stripe_api, "request", once(stripe_api.request))
    monkeypatch.setattr(mirror, "keep", lambda _: None)
    ends = ends_of(account, payloads, {})
    assert (len(ends), len(set(ends))) == (120, 1)
    for payload in payloads:
        StripeEvent.objects.insert_once(StripeEvent.of(payload))
    sync.sync(customer_id=account.customer_id)
    assert repr(rows()) == ends[0]
    subscription, invoice, customer = rows()
    assert (subscription["status"], invoice["status"]) == ("canceled", "paid")
    assert (customer["balance"], customer["plan"]) == (-500, "free")


def test_events_of_one_object_fetch_it_once(billing, monkeypatch):
    account = billing.connect(card="")
    asked = []
    real = stripe_api.retrieve
    monkeypatch.setattr(stripe_api, "retrieve", lambda *a: asked.append(a) or real(*a))
    for _ in range(4):
        tell({"id": account.customer_id, "object": "customer"})
    tell({"id": "txi_1", "object": "tax_id", "customer": account.customer_id})
    assert sync.sync(customer_id=account.customer_id) == {"stored": 1, "failed": 0}
    assert asked == [("customer", account.customer_id)]
    assert not StripeEvent.objects.exclude(state=State.PROCESSED).exists()


def test_what_the_event_says_is_not_believed(billing):
    account = billing.connect(card="")
    tell({"id": account.customer_id, "object": "customer", "balance": -10_000_00})
    sync.sync(customer_id=account.customer_id)
    account.refresh_from_db()
    assert account.balance == 0


def test_an_event_that_comes_while_its_object_is_fetched_has_it_fetched_again(billing, monkeypatch):
    account = billing.connect(card="")
    about = {"id": account.customer_id, "object": "customer"}
    asked, real = [], stripe_api.retrieve

    def retrieve(*args):
        found = real(*args)
        if not asked:
            billing.stripe.api.customers.update(account.customer_id, {"balance": -700})
            tell(about)
        asked.append(args)
        return found

    monkeypatch.setattr(stripe_api, "retrieve", retrieve)
    tell(about)
    sync.sync(customer_id=account.customer_id)
    account.refresh_from_db()
    assert (len(asked), account.balance) == (2, -700)


def test_one_that_cannot_be_stored_holds_up_no_other(billing, monkeypatch):
    account = billing.connect(card="")
    poison = tell({"id": account.customer_id, "object": "customer"})
    missing = tell({"id": "sub_gone", "object": "subscription", "customer": account.customer_id})
    price = billing.stripe.price()
    good = tell({"id": price.id, "object": "price", "customer": account.customer_id})

    def fail(*_):
        raise ValueError("poison")

    monkeypatch.setitem(objects.PROJECTIONS, "customer", (fail,))
    assert sync.sync(customer_id=account.customer_id) == {"stored": 1, "failed": 2}
    assert state_of(good) == State.PROCESSED
    assert state_of(missing) == State.FAILED  # permanent: Stripe knows no such thing
    assert missing.problem["code"] == "stripe_object_missing"
    assert (state_of(poison), poison.attempts) == (State.WAITING, 1)
    assert "ValueError('poison')" in poison.problem["detail"]
    assert poison.due_at > timezone.now()
    StripeEvent.objects.filter(pk=poison.pk).update(attempts=11, due_at=timezone.now())
    sync.sync(customer_id=account.customer_id)
    assert state_of(poison) == State.FAILED


def test_while_stripe_is_away_events_wait_and_none_is_given_up(billing, settings):
    account = billing.connect(card="")
    event = tell({"id": account.customer_id, "object": "customer"})
    url, settings.STRIPE_API_HOST = settings.STRIPE_API_HOST, "http://127.0.0.1:9"
    StripeEvent.objects.update(attempts=50)
    sync.sync(customer_id=account.customer_id)
    assert state_of(event) == State.WAITING
    assert timezone.now() < event.due_at < timezone.now() + timedelta(minutes=6)
    settings.STRIPE_API_HOST = url
    StripeEvent.objects.update(due_at=timezone.now())
    sync.sync(customer_id=account.customer_id)
    assert state_of(event) == State.PROCESSED


def test_a_key_that_was_rolled_a_moment_ago_costs_no_event(billing, settings):
    account = billing.connect(card="")
    event = tell({"id": account.customer_id, "object": "customer"})
    key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_rolled"
    sync.sync(customer_id=account.customer_id)
    assert (state_of(event), event.attempts) == (State.WAITING, 1)
    settings.STRIPE_SECRET_KEY = key
    StripeEvent.objects.update(due_at=timezone.now())
    sync.sync(customer_id=account.customer_id)
    assert state_of(event) == State.PROCESSED


def test_a_clock_that_is_gone_holds_up_no_event(billing):
    account = billing.connect(clock=True, card="")
    billing.sync("customer")
    event = tell({"id": account.customer_id, "object": "customer"})
    billing.stripe.api.test_helpers.test_clocks.delete(account.clock_id)
    sync.sync(customer_id=account.customer_id)
    assert state_of(event) == State.PROCESSED


def test_an_open_circuit_ends_the_job_at_once(billing, monkeypatch):
    account = billing.connect(card="")
    events = [
        tell({"id": ident, "object": "invoice", "customer": account.customer_id})
        for ident in ("in_1", "in_2")
    ]
    asked = []

    def refuse(*args):
        asked.append(args)
        raise StripeError("paused", retry_after=20) from BreakerOpen()

    monkeypatch.setattr(stripe_api, "retrieve", refuse)
    sync.sync(customer_id=account.customer_id)
    assert len(asked) == 1
    assert {state_of(event) for event in events} == {State.WAITING}
    assert {event.attempts for event in events} == {0}
    assert sync.sweep() == 0


def test_a_customer_may_become_ours_a_moment_later(billing):
    stranger = billing.stripe.customer(card="")
    event = tell({"id": stranger.id, "object": "customer"})
    sync.sync(customer_id=stranger.id)
    assert state_of(event) == State.WAITING
    long_ago = timezone.now() - timedelta(minutes=11)
    StripeEvent.objects.update(received_at=long_ago, due_at=long_ago)
    sync.sync(customer_id=stranger.id)
    assert (state_of(event), event.problem["code"]) == (State.IGNORED, "stripe_customer_unknown")


def test_what_does_not_name_its_customer_is_handed_to_them(billing):
    """So that it is stored under their lock, as all else of theirs."""
    account = billing.connect()
    billing.subscribe()
    charge = billing.stripe.api.charges.list({"customer": account.customer_id}).data[0]
    refund = billing.stripe.api.refunds.create({"charge": charge.id, "amount": 100})
    invoice = billing.stripe.api.invoices.list({"customer": account.customer_id}).data[0]
    events = [
        tell({"id": refund.id, "object": "refund", "charge": charge.id}, "refund.created"),
        tell({"id": "inpay_1", "object": "invoice_payment", "invoice": invoice.id}),
    ]
    assert {event.customer_id for event in events} == {""}
    sync.sync(customer_id="")
    assert {state_of(event) for event in events} == {State.WAITING}
    assert {event.customer_id for event in events} == {account.customer_id}
    run = JobRun.objects.get(name="payments.sync")
    assert run.arguments == {"customer_id": account.customer_id}
    sync.sync(customer_id=account.customer_id)
    assert {state_of(event) for event in events} == {State.PROCESSED}
    assert Refund.objects.get().amount == 100


def test_what_nothing_is_made_of_is_left_alone(billing):
    event = tell({"id": "fee_1", "object": "application_fee"}, "application_fee.created")
    sync.sync(customer_id="")
    assert state_of(event) == State.IGNORED


def test_deleted_things_go(billing):
    price = billing.stripe.price()
    tell({"id": price.id, "object": "price"}, "price.created")
    coupon = billing.stripe.api.coupons.create({"percent_off": 10, "duration": "once"})
    tell({"id": coupon.id, "object": "coupon"}, "coupon.created")
    sync.sync(customer_id="")
    billing.stripe.api.coupons.delete(coupon.id)
    event = tell({"id": coupon.id, "object": "coupon"}, "coupon.deleted")
    sync.sync(customer_id="")
    from djstripe.models import Coupon, Price

    assert state_of(event) == State.PROCESSED
    assert Price.objects.filter(id=price.id).exists()
    assert not Coupon.objects.filter(id=coupon.id).exists()


def test_who_was_deleted_at_stripe_buys_again_as_a_new_customer(shop, owner):
    account = shop.connect()
    shop.subscribe()
    shop.sync()
    gone = account.customer_id
    Account.objects.update(vat_id="DE123456789", country="DE", purchase_order="PO 7")
    held = shop.stripe.api.charges.list({"customer": gone}).data[0]
    shop.stripe.api.customers.delete(gone)
    events = [
        tell({"id": gone, "object": "customer", "deleted": True}, "customer.deleted"),
        tell({"id": Subscription.objects.get().pk, "object": "subscription", "customer": gone}),
    ]
    sync.sync(customer_id=gone)
    account.refresh_from_db()
    assert {state_of(event) for event in events} == {State.PROCESSED}
    assert (account.customer_id, account.plan, account.method) == (None, "free", "")
    assert (Subscription.objects.get().status, Invoice.objects.get().status) == ("canceled", "paid")
    assert AuditEntry.objects.get(action="billing.customer_deleted").data["customer"] == gone
    checkouts.begin(
        account=account, chosen=Chosen("starter", "month", 0), by=owner, promotion_code=""
    )
    account.refresh_from_db()
    made = shop.stripe.api.customers.retrieve(account.customer_id, {"expand": ["tax_ids"]})
    assert made.id != gone
    assert [one.value for one in made.tax_ids.data] == ["DE123456789"]
    assert made.invoice_settings.custom_fields[0].value == "PO 7"
    # What is still heard of the one before is the account's.
    shop.stripe.api.refunds.create({"charge": held.id, "amount": 100})
    event = tell({"id": held.id, "object": "charge", "customer": gone}, "charge.refunded")
    sync.sync(customer_id=gone)
    assert state_of(event) == State.PROCESSED
    assert Payment.objects.get().amount_refunded == 100


def test_a_test_clock_tells_the_accounts_time(billing):
    account = billing.connect(clock=True, card="")
    billing.stripe.advance(account.clock_id, 1_798_761_600 + 86_400)
    tell({"id": account.clock_id, "object": "test_helpers.test_clock"})
    sync.sync(customer_id="")
    account.refresh_from_db()
    assert account.now == datetime(2027, 1, 2, tzinfo=UTC)
    billing.stripe.advance(account.clock_id, 1_798_761_600 + 2 * 86_400)
    sync.sync(customer_id=account.customer_id)  # whatever it is for
    account.refresh_from_db()
    assert account.now == datetime(2027, 1, 3, tzinfo=UTC)


def test_what_lies_about_is_swept_up(billing):
    account = billing.connect(card="")
    event = tell({"id": account.customer_id, "object": "customer"})
    later = tell({"id": "cus_later", "object": "customer"}, due_at=timezone.now() + timedelta(1))
    assert sync.sweep() == 1
    sync.sweep()
    assert [run.arguments for run in work_off()] == [{"customer_id": account.customer_id}]
    assert state_of(event) == State.PROCESSED
    assert state_of(later) == State.WAITING


def test_old_events_are_forgotten(billing):
    old = timezone.now() - timedelta(days=91)
    about = {"id": "cus_1", "object": "customer"}
    tell(about, state=State.IGNORED, received_at=old)
    waiting = tell(about, received_at=old)
    young = tell(about, state=State.IGNORED)
    gaps.forget()
    assert set(StripeEvent.objects.all()) == {waiting, young}
