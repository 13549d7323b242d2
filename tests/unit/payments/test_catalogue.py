import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments import catalogue
from apps.payments.catalogue import Item
from apps.usage.plans import PLANS

PLAN = st.sampled_from(list(catalogue.PRICED))
INTERVAL = st.sampled_from(catalogue.INTERVALS)


def as_stripe_has(item, *, archived=False):
    """An item of a subscription; of an archived price the lookup key went to its successor."""
    price = {"lookup_key": None if archived else item.key, "metadata": {"toolboxai": item.key}}
    return {"price": price, **({} if item.quantity is None else {"quantity": item.quantity})}


@given(PLAN, INTERVAL, st.integers(0, catalogue.MOST_SEATS), st.booleans())
def test_items_are_read_as_they_were_written(plan, interval, seats, archived):
    items = catalogue.items(plan, interval, seats)
    found = [as_stripe_has(item, archived=archived) for item in reversed(items)]
    assert catalogue.from_items(found) == (plan, interval, seats)
    assert {item.key for item in items} <= set(catalogue.PRICES)


@given(PLAN, INTERVAL, st.integers(0, catalogue.MOST_SEATS))
def test_the_amount_is_the_sum_of_what_is_paid_ahead(plan, interval, seats):
    items = catalogue.items(plan, interval, seats)
    paid = [catalogue.PRICES[i.key].amount * i.quantity for i in items if i.quantity is not None]
    assert catalogue.amount(plan, interval, seats) == sum(paid)


def test_a_school_with_three_more_by_the_year():
    assert catalogue.items("school", "year", 3)[:2] == [
        Item("school_year", 1),
        Item("school_year_seats", 3),
    ]
    assert catalogue.amount("school", "year", 3) == 149_000 + 3 * 5_000
    assert catalogue.PRICED["school"].saved == 2 * 149_00


def test_what_is_not_sold_is_refused():
    with pytest.raises(KeyError):
        catalogue.items("free", "month")
    with pytest.raises(ValueError, match="seats"):
        catalogue.items("school", "month", -1)
    with pytest.raises(catalogue.UnknownItems):
        catalogue.from_items([{"price": {"lookup_key": "somebody_elses", "metadata": {}}}])
    assert catalogue.amount("free", "month") == 0


def test_every_plan_is_free_or_priced_and_dearer_than_the_one_before():
    assert ["free", *catalogue.PRICED] == list(PLANS)
    amounts = [catalogue.amount(plan, "month") for plan in PLANS]
    assert amounts == sorted(amounts)
