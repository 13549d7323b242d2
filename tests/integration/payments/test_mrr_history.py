"""What subscriptions of the sandbox's Stripe were worth, read back from their invoices."""

from datetime import UTC, datetime

import pytest

from apps.payments.mrr import history

JANUARY = 1_798_761_600  # 1 January 2027
DAY = 86_400
STARTER, SCHOOL, YEAR = 2900, 14900, 149_000


class Life:
    """One customer's subscription by a test clock."""

    def __init__(self, account):
        self.account, self.api = account, account.api
        self.clock = account.clock(JANUARY)
        self.customer = account.customer(test_clock=self.clock)

    def begin(self, *prices, **about):
        items = [{"price": one.id, "quantity": 1} for one in prices]
        wish = {"customer": self.customer.id, "items": items, **about}
        self.id = self.api.subscriptions.create(wish).id
        return self

    def go(self, day):
        self.account.advance(self.clock, JANUARY + day * DAY)

    def change(self, price=None, quantity=1, item=0, **about):
        found = self.api.subscriptions.retrieve(self.id)
        wish = dict(about)
        if price:
            items = found["items"]["data"]
            wish["items"] = [{"id": items[item].id, "price": price.id, "quantity": quantity}]
        self.api.subscriptions.update(self.id, wish)

    @property
    def steps(self):
        """Day and monthly worth of each change."""
        subscription = self.api.subscriptions.retrieve(self.id).to_dict()
        invoices = self.api.invoices.list({"subscription": self.id, "limit": 100})
        found = history.changes(subscription, [one.to_dict() for one in invoices.data])
        start = datetime.fromtimestamp(JANUARY, UTC)
        return [((one.at - start).days, one.monthly) for one in found]


@pytest.fixture
def life(stripe_account):
    return Life(stripe_account)


def test_trial_month_upgrade_and_end(life):
    account = life.account
    starter, school = account.price(STARTER), account.price(SCHOOL)
    life.begin(starter, trial_period_days=30)
    life.go(20)
    assert life.steps == []
    life.go(45)
    life.change(school, proration_behavior="always_invoice")
    life.go(50)
    life.change(cancel_at_period_end=True)
    life.go(100)
    assert life.steps == [(30, STARTER), (45, SCHOOL), (58, 0)]


def test_a_yearly_price_counts_a_twelfth_and_a_seat_that_is_billed_later_from_its_day(life):
    account = life.account
    year, seat = account.price(YEAR, "year"), account.price(6000, "year")
    life.begin(year, seat)
    life.go(100)
    life.change(seat, quantity=4, item=1)
    assert life.steps == [(0, 12917)]
    life.go(370)
    assert life.steps == [(0, 12917), (100, 14417)]


def test_a_month_becomes_a_year_at_once(life):
    account = life.account
    life.begin(account.price(SCHOOL))
    life.go(10)
    life.change(account.price(YEAR, "year"))
    assert life.steps == [(0, SCHOOL), (10, 12417)]


def test_discounts_count_while_they_last_and_what_is_rounded_is_no_movement(life):
    coupon = life.api.coupons.create({"percent_off": 33.3, "duration": "repeating",
                                      "duration_in_months": 3})  # fmt: skip
    account = life.account
    life.begin(account.price(STARTER), discounts=[{"coupon": coupon.id}])
    life.go(25)
    life.change(account.price(SCHOOL))
    life.go(130)
    (first, *_), (upgraded, reduced), (ends, full) = life.steps
    assert (first, upgraded, ends, full) == (0, 25, 90, SCHOOL)
    assert reduced == 9938


def test_periods_that_are_voided_in_a_pause_are_worth_nothing(life):
    life.begin(life.account.price(SCHOOL))
    life.go(20)
    life.change(pause_collection={"behavior": "void", "resumes_at": JANUARY + 100 * DAY})
    life.go(140)
    assert life.steps == [(0, SCHOOL), (31, 0), (120, SCHOOL)]


def test_what_is_metered_is_left_out(life):
    meter = life.api.billing.meters.create(
        {
            "display_name": "d",
            "event_name": "deployments",
            "default_aggregation": {"formula": "sum"},
        }
    )
    use = life.account.price(
        2, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id}
    )
    items = [{"price": life.account.price(STARTER).id}, {"price": use.id}]
    life.id = life.api.subscriptions.create({"customer": life.customer.id, "items": items}).id
    life.api.billing.meter_events.create(
        {"event_name": "deployments", "timestamp": JANUARY + 60,
         "payload": {"value": "900", "stripe_customer_id": life.customer.id}}
    )  # fmt: skip
    life.go(40)
    assert life.steps == [(0, STARTER)]


def test_a_first_bill_that_nobody_paid_is_no_revenue(life):
    life.customer = life.account.customer("pm_card_chargeCustomerFail", test_clock=life.clock)
    life.begin(life.account.price(STARTER), payment_behavior="allow_incomplete")
    assert life.steps == []
