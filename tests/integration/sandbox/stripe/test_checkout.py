"""Checkout, filled in as a browser fills it in."""

from __future__ import annotations

import httpx

CARD = {"method": "card", "expiry": "12 / 34", "cvc": "123", "name": "B. Ursar", "country": "DE"}
GOOD, SECURE, DECLINED = "4242424242424242", "4000002760003184", "4000000000000002"


def open_session(account, price, **about):
    wish = {
        "mode": "subscription",
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": "https://school.example/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://school.example/plans",
        **about,
    }
    return account.api.checkout.sessions.create(wish)


def fill(session, number=GOOD, action="pay", **more):
    form = {**CARD, "email": "bursar@lincoln.example", "number": number, "action": action, **more}
    return httpx.post(session.url, data=form, timeout=30)


def test_a_card_is_paid_and_the_shop_hears_of_it(stripe_account):
    session = open_session(stripe_account, stripe_account.price(1900))
    page = httpx.get(session.url).text
    assert "€19.00" in page
    answer = fill(session)
    assert answer.headers["location"] == f"https://school.example/done?session={session.id}"
    done = stripe_account.api.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription", "line_items", "customer"]}
    )
    assert (done.status, done.payment_status, done.amount_total) == ("complete", "paid", 1900)
    assert done.subscription.status == "active"
    assert done.customer.email == "bursar@lincoln.example"
    assert done.line_items.data[0].amount_total == 1900
    assert "checkout.session.completed" in stripe_account.events()


def test_what_is_metered_is_shown_by_the_unit_in_whole_money(stripe_account):
    meter = stripe_account.api.billing.meters.create(
        {
            "display_name": "Mails",
            "event_name": "mails",
            "default_aggregation": {"formula": "sum"},
        }
    )
    mails = stripe_account.price(
        unit_amount=None,
        unit_amount_decimal="0.1",
        recurring={"interval": "month", "usage_type": "metered", "meter": meter.id},
    )
    items = [{"price": stripe_account.price(1900).id, "quantity": 1}, {"price": mails.id}]
    page = httpx.get(open_session(stripe_account, mails, line_items=items).url).text
    assert "€0.001 per unit, charged by use" in page
    assert "at €19.00 / month" in page


def test_a_declined_card_leaves_nothing_behind_and_can_be_corrected(stripe_account):
    session = open_session(stripe_account, stripe_account.price())
    refused = fill(session, DECLINED)
    assert refused.status_code == 422
    assert "Your card was declined." in refused.text
    assert stripe_account.api.subscriptions.list({"status": "all"}).data == []
    assert stripe_account.api.customers.list().data == []
    assert fill(session).status_code == 303


def test_the_try_of_a_declined_card_stays_on_record(stripe_account):
    customer = stripe_account.customer(card="")
    session = open_session(stripe_account, stripe_account.price(), customer=customer.id)
    assert fill(session, DECLINED).status_code == 422
    charge = stripe_account.api.charges.list({"customer": customer.id}).data[0]
    assert (charge.status, charge.failure_code) == ("failed", "card_declined")
    assert {"charge.failed", "payment_intent.payment_failed"} <= set(stripe_account.events())
    assert stripe_account.api.payment_methods.list({"customer": customer.id}).data == []


def test_what_is_no_card_is_said_and_nothing_was_tried(stripe_account):
    customer = stripe_account.customer().id
    session = open_session(stripe_account, stripe_account.price(), customer=customer)
    refused = fill(session, expiry="1234")
    assert (refused.status_code, "Your card" in refused.text) == (422, True)
    assert stripe_account.api.charges.list().data == []


def test_a_bank_asks_who_it_is_and_both_answers_count(stripe_account):
    session = open_session(stripe_account, stripe_account.price())
    bank = httpx.URL(session.url).join(fill(session, SECURE).headers["location"])
    assert "Is it you?" in httpx.get(bank).text
    failed = httpx.post(bank, data={"answer": "fail"}, follow_redirects=True, timeout=30)
    assert "unable to authenticate" in failed.text
    bank = httpx.URL(session.url).join(fill(session, SECURE).headers["location"])
    back = httpx.post(bank, data={"answer": "complete"})
    done = httpx.get(httpx.URL(session.url).join(back.headers["location"]))
    assert done.headers["location"].startswith("https://school.example/done")


def test_who_leaves_the_banks_page_and_pays_otherwise_owes_nothing_else(stripe_account):
    session = open_session(stripe_account, stripe_account.price())
    assert "/3ds/" in fill(session, SECURE).headers["location"]
    assert "Card number" in httpx.get(session.url).text
    assert fill(session).headers["location"].startswith("https://school.example/done")
    left = stripe_account.api.subscriptions.list({"status": "all"}).data
    assert sorted(one.status for one in left) == ["active", "incomplete_expired"]
    assert stripe_account.api.invoices.list({"status": "open"}).data == []
    found = stripe_account.api.subscriptions.list({"status": "all"}).data
    assert [one.status for one in found] == ["active", "incomplete_expired"]


def test_a_promotion_code_and_a_quantity_change_what_is_paid(stripe_account):
    coupon = stripe_account.api.coupons.create({"percent_off": 25, "duration": "once"})
    stripe_account.api.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"}
    )
    items = [
        {
            "price": stripe_account.price(1000).id,
            "quantity": 1,
            "adjustable_quantity": {"enabled": True, "maximum": 50},
        }
    ]
    session = open_session(
        stripe_account, stripe_account.price(), line_items=items, allow_promotion_codes=True
    )
    assert "This code is invalid." in fill(session, action="apply", code="NOPE").text
    assert "WELCOME" in fill(session, action="apply", code="welcome").text
    item = stripe_account.api.checkout.sessions.line_items.list(session.id).data[0]
    quantity = {f"quantity-{item.id}": "10"}
    assert "€75.00" in fill(session, action="update", **quantity).text
    fill(session, **quantity)
    [paid] = stripe_account.api.invoices.list().data
    assert (paid.subtotal, paid.total, paid.amount_paid) == (10_000, 7_500, 7_500)
    assert paid.total_discount_amounts[0].amount == 2_500


def test_a_trial_is_begun_with_a_card_and_costs_nothing(stripe_account):
    session = open_session(
        stripe_account, stripe_account.price(), subscription_data={"trial_period_days": 30}
    )
    assert "Start trial" in httpx.get(session.url).text
    fill(session)
    [trial] = stripe_account.api.subscriptions.list().data
    assert trial.status == "trialing"
    assert trial.default_payment_method


def test_a_debit_is_paid_some_days_later(stripe_account):
    clock = stripe_account.clock()
    customer = stripe_account.customer("", test_clock=clock)
    session = open_session(stripe_account, stripe_account.price(), customer=customer.id)
    fill(session, method="sepa_debit", iban="DE89 3704 0044 0532 0130 00")
    done = stripe_account.api.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    stripe_account.advance(clock, 1_798_761_600 + 3_600)
    assert stripe_account.api.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in stripe_account.events()


def test_once_is_paid_with_tax_of_the_country_that_was_chosen(stripe_account):
    price = stripe_account.price(10_000, recurring=None)
    session = open_session(
        stripe_account,
        price,
        mode="payment",
        automatic_tax={"enabled": True},
        tax_id_collection={"enabled": True},
    )
    assert "€119.00" in httpx.get(session.url).text
    asked = fill(session, country="FR").text
    assert "the total has changed" in asked
    assert "€120.00" in asked
    fill(session, country="FR")
    done = stripe_account.api.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )
    assert (done.amount_total, done.total_details.amount_tax) == (12_000, 2_000)
    moved = done.payment_intent.latest_charge.balance_transaction
    assert moved.net == moved.amount - moved.fee == 12_000 - 205
