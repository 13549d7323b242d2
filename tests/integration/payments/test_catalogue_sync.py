"""`billing sync` against the sandbox's Stripe."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.payments import catalogue
from apps.payments.services import catalogue_sync, prices
from apps.payments.taxes import decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(billing):
    return billing.stripe.api


def sync(most=None):
    """Carry out the first `most` changes, all when left out; what was done."""
    found = catalogue_sync.compare()[:most]
    for change in found:
        change.carry_out()
    return [(change.verb, change.kind, change.key) for change in found]


def price(api, key):
    return api.prices.list({"lookup_keys": [key]}).data[0]


def command(*arguments):
    out = StringIO()
    call_command("billing", "sync", *arguments, stdout=out)
    return out.getvalue()


def test_what_was_interrupted_is_gone_on_with_and_once_more_makes_nothing(api):
    everything = [change.key for change in catalogue_sync.compare()]
    assert "create price school_month" in command()
    assert api.products.list().data == []  # that was only looking
    sync(most=len(everything) - 5)
    with pytest.raises(CommandError, match="5 to create"):
        command("--check")
    assert "Done: 5 to create." in command("--apply")
    assert "nothing else of ours" in command("--check")

    school = price(api, "school_year")
    assert (school.unit_amount, school.recurring.interval) == (149_000, "year")
    mails = price(api, "starter_month_mails")
    assert mails.unit_amount_decimal == Decimal("0.1")
    assert api.billing.meters.retrieve(mails.recurring.meter).event_name == "toolboxai_mails"
    items = prices.items("school", "year", 2)
    assert items[0] == {"price": school.id, "quantity": 1}
    rate = api.tax_rates.retrieve(prices.tax_rate(decide(seller="DE", country="FR")))
    assert (rate.country, rate.percentage) == ("FR", 20)
    assert api.billing_portal.configurations.retrieve(prices.portal()).active
    found = [api.coupons.retrieve(one.id) for one in catalogue.RETENTION.values()]
    spans = [(one.duration, one.duration_in_months) for one in found]
    assert spans == [("repeating", 3), ("once", None)]


def test_another_amount_is_another_price_and_subscribers_keep_theirs(api, billing, monkeypatch):
    sync()
    before = price(api, "school_month")
    customer = billing.stripe.customer()
    items = [{"price": before.id, "quantity": 1}]
    subscription = api.subscriptions.create({"customer": customer.id, "items": items})
    dearer = replace(catalogue.PRICES["school_month"], amount=Decimal(159_00))
    monkeypatch.setitem(catalogue.PRICES, "school_month", dearer)

    lines = "\n".join(line for change in catalogue_sync.compare() for line in change.lines())
    assert "amount: 14900 \N{RIGHTWARDS ARROW} 15900" in lines
    assert sync() == [("create", "price", "school_month"), ("archive", "price", "school_month")]
    assert price(api, "school_month").unit_amount == 159_00
    assert api.prices.retrieve(before.id).active is False
    kept = api.subscriptions.retrieve(subscription.id)["items"].data
    assert kept[0].price.id == before.id
    assert catalogue.from_items([item.to_dict() for item in kept]) == ("school", "month", 0)

    monkeypatch.undo()  # back to the amount of before: the price of before, not a third one
    sync()
    assert price(api, "school_month").id == before.id
    assert sync() == []


def test_what_was_changed_by_hand_is_put_right_and_what_is_not_ours_is_left_alone(
    api, billing, monkeypatch
):
    sync()
    foreign = billing.stripe.price()
    api.products.update("toolboxai_school", {"name": "Skool", "active": False})
    rate = next(r for r in api.tax_rates.list({"limit": 100}).data if r.country == "FR")
    api.tax_rates.update(rate.id, {"active": False})
    features = {"invoice_history": {"enabled": False}}
    api.billing_portal.configurations.update(prices.portal(), {"features": features})
    monkeypatch.delitem(catalogue.COUPONS, "toolboxai_back_to_school")
    monkeypatch.delitem(catalogue.PRICES, "starter_year")

    assert sync() == [
        ("change", "product", "toolboxai_school"),
        ("archive", "price", "starter_year"),
        ("change", "tax rate", "destination_fr_20"),
        ("archive", "coupon", "toolboxai_back_to_school"),
        ("archive", "promotion code", "BACKTOSCHOOL"),
        ("change", "portal", "portal"),
    ]
    assert api.products.retrieve("toolboxai_school").name == "ToolBoxAI School"
    assert api.prices.retrieve(foreign.id).active
    assert sync() == []
