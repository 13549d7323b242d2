"""Months of recurring revenue: who came, paid more, paid less, left and came back."""

import itertools
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from apps.payments.months import months_until
from apps.payments.mrr import movements, trials
from apps.payments.mrr.movements import Kind, Point
from apps.payments.mrr.trials import Trial

MONTHS = months_until(date(2027, 3, 1), 3)


def point(customer, month, day, monthly, subscription=""):
    at = datetime(2027, month, day, 12, tzinfo=UTC)
    return Point(customer, subscription or f"sub_{customer}", at, monthly)


def test_months_until_go_over_the_turn_of_a_year():
    assert months_until(date(2027, 2, 14), 4) == [
        date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1),
    ]  # fmt: skip


def test_each_kind_of_movement():
    january, february, march = movements.by_month(
        [
            point("new", 2, 3, 2900),
            point("more", 1, 1, 2900), point("more", 2, 9, 14900),
            point("less", 1, 1, 14900), point("less", 2, 9, 2900),
            point("gone", 1, 1, 2900), point("gone", 2, 20, 0), point("gone", 3, 20, 2900),
        ],
        MONTHS,
    )  # fmt: skip
    assert {one.customer: one.kind for one in january.movements} == dict.fromkeys(
        ("more", "less", "gone"), Kind.NEW
    )
    assert {one.customer: (one.kind, one.amount) for one in february.movements} == {
        "new": (Kind.NEW, 2900),
        "more": (Kind.EXPANSION, 12000),
        "less": (Kind.CONTRACTION, -12000),
        "gone": (Kind.CHURN, -2900),
    }
    assert [(one.customer, one.kind) for one in march.movements] == [("gone", Kind.REACTIVATION)]
    assert february.customer_churn == Fraction(1, 3)
    assert february.revenue_churn == Fraction(14900, 20700)
    assert february.retention == Fraction(17800, 20700)
    assert (february.customers_before, february.customers) == (3, 3)
    assert (march.closing, march.annual, march.average) == (23600, 283200, 5900)
    assert january.customer_churn is january.retention is None


def test_there_and_back_within_a_month_is_no_movement():
    found = movements.by_month(
        [point("a", 1, 2, 2900), point("a", 2, 2, 0), point("a", 2, 20, 2900)], MONTHS
    )
    assert found[1].movements == ()


def test_subscriptions_of_a_customer_are_added_up():
    found = movements.by_month(
        [
            point("a", 1, 2, 2900, "old"),
            point("a", 2, 5, 0, "old"),
            point("a", 2, 6, 5000, "fresh"),
        ],
        MONTHS,
    )
    assert [(one.kind, one.amount) for one in found[1].movements] == [(Kind.EXPANSION, 2100)]


def test_who_was_there_before_the_first_month_is_not_new():
    found = movements.by_month(
        [point("a", 1, 2, 2900), point("b", 1, 2, 900), point("b", 1, 9, 0), point("b", 3, 1, 9)],
        MONTHS[1:],
    )
    assert (found[0].opening, found[0].movements) == (2900, ())
    assert [one.kind for one in found[1].movements] == [Kind.REACTIVATION]


def test_retention_over_a_year_leaves_out_who_came_later():
    points = [point("a", 1, 2, 1000), point("b", 1, 2, 3000), point("b", 2, 2, 4000),
              point("a", 2, 3, 0), point("c", 2, 4, 9000)]  # fmt: skip
    found = movements.retained(points, since=date(2027, 2, 1), until=date(2027, 3, 1))
    assert found == Fraction(4000, 4000)
    assert movements.retained(points, since=date(2026, 2, 1), until=date(2027, 3, 1)) is None


POINTS = st.builds(
    Point,
    st.sampled_from("abcd"),
    st.sampled_from(["x", "y"]),
    st.datetimes(datetime(2026, 10, 1), datetime(2027, 4, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 100_000),
)


@given(
    st.lists(POINTS, max_size=30, unique_by=lambda one: (one.customer, one.subscription, one.at))
)
def test_movements_always_lead_from_month_to_month(points):
    found = movements.by_month(points, MONTHS)
    for month in found:
        assert month.opening + sum(month.amount(kind) for kind in Kind) == month.closing
        came = month.count(Kind.NEW) + month.count(Kind.REACTIVATION) - month.count(Kind.CHURN)
        assert month.customers_before + came == month.customers
    for before, after in itertools.pairwise(found):
        assert (before.closing, before.customers) == (after.opening, after.customers_before)


@given(st.lists(POINTS, max_size=12, unique_by=lambda one: one.at), st.randoms())
def test_the_order_of_points_does_not_matter(points, chance):
    shuffled = points[:]
    chance.shuffle(shuffled)
    assert movements.by_month(points, MONTHS) == movements.by_month(shuffled, MONTHS)


def test_trials_are_counted_where_they_began():
    begun = datetime(2027, 2, 10, tzinfo=UTC)
    found = trials.cohorts(
        [
            Trial(begun, is_over=True, converted=True),
            Trial(begun, is_over=True, converted=False),
            Trial(begun, is_over=True, converted=False),
            Trial(begun, is_over=False, converted=False),
            Trial(begun - timedelta(days=30), is_over=True, converted=True),
        ],
        MONTHS,
    )
    assert [(one.trials, one.converted, one.running) for one in found] == [
        (1, 1, 0), (4, 1, 1), (0, 0, 0),
    ]  # fmt: skip
    assert [one.rate for one in found] == [Fraction(1), Fraction(1, 3), None]
