"""`billing sync` against the sandbox's Stripe, through the SDK."""

from dataclasses import replace
from decimal import Decimal

import pytest

from apps.payments import catalogue
from apps.payments.services import catalogue_sync


@pytest.fixture
def api(stripe_account):
    return stripe_account.api


def sync(api, most=None):
    """Carry out the first `most` changes, all when left out; what was done."""
    found = catalogue_sync.compare(api=api)[:most]
    for change in found:
        change.carry_out()
    return [(change.verb, change.kind, change.key) for change in found]


def price(api, key):
    return api.prices.list({"lookup_keys": [key]}).data[0]


def test_twice_makes_nothing_new(api):
    first = sync(api)
    assert {verb for verb, _, _ in first} == {"create"}
    kinds = {kind for _, kind, _ in first}
    assert kinds == {
        "product", "meter", "price", "tax rate", "coupon", "promotion code", "portal",
    }  # fmt: skip
    assert sync(api) == []

    school = price(api, "school_year")
    assert (school.unit_amount, school.recurring.interval) == (149_000, "year")
    mails = price(api, "starter_month_mails")
    assert mails.unit_amount_decimal == Decimal("0.1")
    assert api.billing.meters.retrieve(mails.recurring.meter).event_name == "toolboxai_mails"


def test_what_was_interrupted_is_gone_on_with(api):
    everything = [change.key for change in catalogue_sync.compare(api=api)]
    sync(api, most=9)
    assert [key for _, _, key in sync(api)] == everything[9:]


def test_another_amount_is_another_price_and_subscribers_keep_theirs(
    api, stripe_account, monkeypatch
):
    sync(api)
    before = price(api, "school_month")
    customer = stripe_account.customer()
    items = [{"price": before.id, "quantity": 1}]
    subscription = api.subscriptions.create({"customer": customer.id, "items": items})
    dearer = replace(catalogue.PRICES["school_month"], amount=Decimal(159_00))
    monkeypatch.setitem(catalogue.PRICES, "school_month", dearer)

    lines = "\n".join(line for change in catalogue_sync.compare(api=api) for line in change.lines())
    assert "amount: 14900 → 15900" in lines
    assert sync(api) == [("create", "price", "school_month"), ("archive", "price", "school_month")]
    assert price(api, "school_month").unit_amount == 159_00
    assert api.prices.retrieve(before.id).active is False
    kept = api.subscriptions.retrieve(subscription.id)["items"].data
    assert kept[0].price.id == before.id
    assert catalogue.from_items([item.to_dict() for item in kept]) == ("school", "month", 0)

    monkeypatch.undo()  # back to the amount of before: the price of before, not a third one
    sync(api)
    assert price(api, "school_month").id == before.id
    assert sync(api) == []


def test_what_somebody_changed_by_hand_is_put_right_and_what_is_not_ours_is_left_alone(
    api, stripe_account
):
    sync(api)
    foreign = stripe_account.price()
    api.products.update("toolboxai_school", {"name": "Skool", "active": False})
    rate = next(r for r in api.tax_rates.list({"limit": 100}).data if r.country == "FR")
    api.tax_rates.update(rate.id, {"active": False})
    portal = next(c for c in api.billing_portal.configurations.list().data if c.metadata)
    api.billing_portal.configurations.update(
        portal.id, {"features": {"invoice_history": {"enabled": False}}}
    )

    assert {(verb, kind) for verb, kind, _ in sync(api)} == {
        ("change", "product"), ("change", "tax rate"), ("change", "portal"),
    }  # fmt: skip
    assert api.products.retrieve("toolboxai_school").name == "ToolBoxAI School"
    assert api.prices.retrieve(foreign.id).active
    assert sync(api) == []


def test_what_is_no_longer_declared_is_archived(api, monkeypatch):
    sync(api)
    monkeypatch.delitem(catalogue.COUPONS, "toolboxai_back_to_school")
    monkeypatch.delitem(catalogue.PRICES, "starter_year")
    assert sync(api) == [
        ("archive", "price", "starter_year"),
        ("archive", "coupon", "toolboxai_back_to_school"),
        ("archive", "promotion code", "BACKTOSCHOOL"),
    ]
    assert sync(api) == []
