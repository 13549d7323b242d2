"""Stripe's objects become rows, and rows give the workspace its plan."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from djstripe.models import Product

from apps.core import breaker
from apps.payments import stripe_api
from apps.payments.errors import CardDeclined, StripeError, StripeObjectMissing
from apps.payments.models import Account, Invoice, Subscription
from apps.payments.services import accounts, objects
from apps.payments.signals import subscription_stored
from apps.usage.services import limits

pytestmark = pytest.mark.django_db


def test_a_subscription_gives_its_plan_and_its_end_takes_it(billing):
    billing.connect()
    subscription = billing.subscribe("school")
    billing.sync()
    row = Subscription.objects.get(pk=subscription.id)
    assert (row.plan, row.interval, row.amount, row.method) == ("school", "month", 14_900, "")
    assert limits.plan_of(billing.tenant).slug == "school"
    invoice = Invoice.objects.get(pk=row.latest_invoice_id)
    assert (invoice.status, invoice.total, invoice.is_owed) == ("paid", 14_900, False)
    assert invoice.number
    billing.stripe.api.subscriptions.cancel(subscription.id)
    account = billing.sync("subscription")
    assert account.plan == "free"
    assert limits.plan_of(billing.tenant).slug == "free"


def test_what_did_not_change_tells_nobody(billing):
    billing.connect()
    billing.subscribe()
    billing.sync()
    heard = []
    subscription_stored.connect(lambda **about: heard.append(about), weak=False, dispatch_uid="t")
    try:
        billing.sync("subscription")
        assert heard == []
        billing.stripe.api.subscriptions.update(
            Subscription.objects.get().pk, {"cancel_at_period_end": True}
        )
        billing.sync("subscription")
        assert [one["before"]["cancel_at_period_end"] for one in heard] == [False]
    finally:
        subscription_stored.disconnect(dispatch_uid="t")


def test_connecting_twice_makes_one_customer(billing):
    account = billing.connect(card="")
    Account.objects.filter(pk=account.pk).update(customer_id=None)  # killed before it was written
    again = accounts.connect(billing.account)
    assert again.customer_id == account.customer_id


def test_whose_customer_is_not_ours_leaves_nothing(billing):
    stranger = billing.stripe.customer()
    assert objects.fetch("customer", stranger.id) is None
    assert Account.objects.filter(customer_id=stranger.id).count() == 0


def test_what_is_fetched_is_stored_before_anybody_else_stores(billing, monkeypatch):
    account = billing.connect(card="")
    real, locked = stripe_api.retrieve, []
    with CaptureQueriesContext(connection) as queries:

        def retrieve(*args):
            before = " ".join(one["sql"] for one in queries.captured_queries)
            locked.append('"payments_account"' in before and "FOR NO KEY UPDATE" in before)
            return real(*args)

        monkeypatch.setattr(stripe_api, "retrieve", retrieve)
        objects.fetch("customer", account.customer_id, account)
        assert locked == [True]
    queries, locked[:] = CaptureQueriesContext(connection), []
    with queries:
        objects.fetch("customer", account.customer_id)
    assert locked == [False, True]  # whose it is has to be asked for first


def test_refusals_say_whether_they_are_permanent(billing):
    account = billing.connect(card="")
    with pytest.raises(StripeObjectMissing) as missing:
        stripe_api.retrieve("invoice", "in_nothing")
    assert missing.value.permanent
    charge = {
        "amount": 100, "currency": "eur", "confirm": True, "payment_method_types": ["card"],
        "customer": account.customer_id, "payment_method": "pm_card_visa_chargeDeclined",
    }  # fmt: skip
    with pytest.raises(CardDeclined) as declined:
        stripe_api.call(lambda api: api.payment_intents.create(charge))
    assert declined.value.permanent
    assert declined.value.stripe_code == "card_declined"


def test_silence_is_not_permanent(billing, settings):
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"
    with pytest.raises(StripeError) as silent:
        stripe_api.retrieve("invoice", "in_nothing")
    assert not silent.value.permanent


def test_without_a_key_nobody_is_asked(billing, settings):
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(StripeError, match="STRIPE_SECRET_KEY is not set") as refused:
        stripe_api.retrieve("invoice", "in_nothing")
    assert refused.value.permanent


def test_a_product_is_kept_with_its_features_and_nothing_is_logged(billing, caplog):
    api = billing.stripe.api
    product = api.products.create({"name": "School"})
    feature = api.entitlements.features.create({"name": "SSO", "lookup_key": "sso"})
    held = api.products.features.create(product.id, {"entitlement_feature": feature.id})
    objects.fetch("product", product.id)
    assert Product.objects.get(id=product.id).features.get().id == held.id
    assert not [one for one in caplog.records if one.name.startswith("djstripe")]


def test_what_dj_stripe_asks_by_itself_goes_by_the_breaker(billing):
    api = billing.stripe.api
    product = api.products.create({"name": "School"})
    about = {"product": product.id, "unit_amount": 100, "currency": "eur"}
    price = stripe_api.retrieve("price", api.prices.create(about).id)
    breaker.open_breaker(stripe_api.VENDOR)
    try:
        with pytest.raises(StripeError, match="paused") as refused:
            objects.store(price)
    finally:
        breaker.close_breaker(stripe_api.VENDOR)
    assert not refused.value.permanent
    assert not Product.objects.filter(id=product.id).exists()
    objects.store(price)
    assert Product.objects.filter(id=product.id).exists()
