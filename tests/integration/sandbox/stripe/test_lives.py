"""Whole lives of subscriptions, by the clock, through the official SDK."""

from __future__ import annotations

import pytest
import stripe

DAY = 86_400
NEW_YEAR = 1_798_761_600  # 1 January 2027
FEBRUARY, MARCH = NEW_YEAR + 31 * DAY, NEW_YEAR + 59 * DAY


def subscribe(account, customer, price, **about):
    wish = {"customer": customer.id, "items": [{"price": price.id}], **about}
    return account.api.subscriptions.create(wish)


def test_a_trial_becomes_a_paid_month_and_then_another(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock, invoice_prefix="LINCOLN")
    price = stripe_account.price(1900)
    made = subscribe(stripe_account, customer, price, trial_period_days=14)
    assert (made.status, made["items"].data[0].current_period_end) == (
        "trialing",
        NEW_YEAR + 14 * DAY,
    )
    stripe_account.advance(clock, NEW_YEAR + 14 * DAY + 7_200)
    now = stripe_account.api.subscriptions.retrieve(made.id)
    assert now.status == "active"
    stripe_account.advance(clock, NEW_YEAR + 46 * DAY)
    invoices = stripe_account.api.invoices.list({"customer": customer.id}).data[::-1]
    assert [(one.number, one.status, one.total) for one in invoices] == [
        ("LINCOLN-0001", "paid", 0),
        ("LINCOLN-0002", "paid", 1900),
        ("LINCOLN-0003", "paid", 1900),
    ]
    happened = stripe_account.events()
    assert "customer.subscription.trial_will_end" in happened
    assert "invoice.upcoming" in happened
    assert happened.count("invoice.paid") == 3


def test_a_card_that_fails_is_tried_again_until_the_subscription_ends(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    made = subscribe(stripe_account, customer, stripe_account.price())
    bad = stripe_account.api.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    settings = {"default_payment_method": bad.id}
    stripe_account.api.customers.update(customer.id, {"invoice_settings": settings})
    stripe_account.advance(clock, FEBRUARY + 2 * 3_600)
    failing = stripe_account.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert failing.status == "past_due"
    assert failing.latest_invoice.next_payment_attempt == FEBRUARY + 3_600 + DAY
    stripe_account.advance(clock, FEBRUARY + 20 * DAY)
    ended = stripe_account.api.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (ended.latest_invoice.status, ended.latest_invoice.attempt_count) == ("open", 8)
    assert stripe_account.events().count("invoice.payment_failed") == 8


def test_who_pays_in_time_is_active_again(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    made = subscribe(stripe_account, customer, stripe_account.price())
    bad = stripe_account.api.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    stripe_account.api.subscriptions.update(made.id, {"default_payment_method": bad.id})
    stripe_account.advance(clock, FEBRUARY + 2 * DAY)
    failing = stripe_account.api.subscriptions.retrieve(made.id)
    with pytest.raises(stripe.CardError) as refused:
        stripe_account.api.invoices.pay(failing.latest_invoice)
    assert refused.value.code == "card_declined"
    good = stripe_account.api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    paid = stripe_account.api.invoices.pay(failing.latest_invoice, {"payment_method": good.id})
    assert paid.status == "paid"
    assert stripe_account.api.subscriptions.retrieve(made.id).status == "active"


def test_an_upgrade_in_the_middle_costs_the_seconds_left_and_as_the_preview_said(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    small, large = stripe_account.price(1000), stripe_account.price(3100)
    made = subscribe(stripe_account, customer, small)
    item = made["items"].data[0].id
    halfway = NEW_YEAR + 31 * DAY // 2
    stripe_account.advance(clock, halfway)
    change = {
        "items": [{"id": item, "price": large.id}],
        "proration_behavior": "always_invoice",
        "proration_date": halfway,
    }
    preview = stripe_account.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    assert [line.amount for line in preview.lines.data] == [-500, 1550]
    changed = stripe_account.api.subscriptions.update(
        made.id, {**change, "expand": ["latest_invoice"]}
    )
    invoice = changed.latest_invoice
    assert (invoice.total, invoice.status, invoice.billing_reason) == (
        preview.total,
        "paid",
        "subscription_update",
    )
    assert all(line.parent.subscription_item_details.proration for line in invoice.lines.data)


def test_a_year_instead_of_a_month_begins_anew_and_gives_back_what_is_unused(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    made = subscribe(stripe_account, customer, stripe_account.price(3100))
    stripe_account.advance(clock, NEW_YEAR + 10 * DAY)
    item = {"id": made["items"].data[0].id, "price": stripe_account.price(30000, "year").id}
    changed = stripe_account.api.subscriptions.update(
        made.id, {"items": [item], "expand": ["latest_invoice"]}
    )
    assert sorted(line.amount for line in changed.latest_invoice.lines.data) == [-2100, 30000]
    assert changed.latest_invoice.amount_paid == 27_900
    period = changed["items"].data[0]
    assert period.current_period_start == NEW_YEAR + 10 * DAY
    assert period.current_period_end == NEW_YEAR + 375 * DAY


def test_a_cancellation_at_the_end_of_the_period_can_be_taken_back(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    made = subscribe(stripe_account, customer, stripe_account.price())
    update = stripe_account.api.subscriptions.update
    details = {"feedback": "too_expensive", "comment": "No budget."}
    leaving = update(made.id, {"cancel_at_period_end": True, "cancellation_details": details})
    assert leaving.cancellation_details.feedback == "too_expensive"
    assert update(made.id, {"cancel_at_period_end": False}).canceled_at is None
    update(made.id, {"cancel_at_period_end": True})
    stripe_account.advance(clock, FEBRUARY)
    assert stripe_account.api.subscriptions.retrieve(made.id).status == "canceled"
    assert stripe_account.events()[-2:] == [
        "customer.subscription.deleted",
        "test_helpers.test_clock.ready",
    ]


def test_a_summer_pause_writes_no_bills_that_anybody_has_to_pay(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer(test_clock=clock)
    made = subscribe(stripe_account, customer, stripe_account.price())
    pause = {"behavior": "void", "resumes_at": MARCH - DAY}
    stripe_account.api.subscriptions.update(made.id, {"pause_collection": pause})
    stripe_account.advance(clock, MARCH + DAY)
    invoices = stripe_account.api.invoices.list({"subscription": made.id}).data
    assert [one.status for one in invoices] == ["paid", "void", "paid"]
    assert stripe_account.api.subscriptions.retrieve(made.id).pause_collection is None


def test_a_school_pays_by_invoice(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer("", test_clock=clock)
    terms = {"collection_method": "send_invoice", "days_until_due": 30}
    made = subscribe(stripe_account, customer, stripe_account.price(50_000, "year"), **terms)
    assert made.status == "active"
    stripe_account.advance(clock, NEW_YEAR + 31 * DAY)
    invoice = stripe_account.api.invoices.retrieve(made.latest_invoice)
    assert (invoice.status, invoice.due_date) == ("open", NEW_YEAR + 3_600 + 30 * DAY)
    assert stripe_account.api.subscriptions.retrieve(made.id).status == "past_due"
    paid = stripe_account.api.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert stripe_account.api.subscriptions.retrieve(made.id).status == "active"
