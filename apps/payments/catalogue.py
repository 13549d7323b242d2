"""What is sold: prices for the plans of `apps.usage.plans`, declared here and nowhere else.

Pure: knows neither Django nor Stripe's SDK. `manage.py billing sync` makes Stripe look like it.
Money is in minor units of `CURRENCY`, without tax; tax is added by the country (`services.taxes`).

A subscription has an item for the plan, one for staff beyond the included where there are any, and
one without a quantity for each thing that is metered. Prices are found by lookup key:
`school_month`, `school_year_seats`, `starter_month_deployments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, get_args

from apps.usage.plans import BEYOND, DISTRICT, SCHOOL, STARTER, Beyond, Plan

Interval = Literal["month", "year"]

CURRENCY: Final = "eur"
TRIAL_DAYS: Final = 30
INTERVALS: Final[tuple[Interval, ...]] = get_args(Interval)
MARK: Final = "toolboxai"  # metadata of everything at Stripe that is ours: its key in here
SEATS: Final = "seats"
MOST_SEATS: Final = 10_000


class UnknownItems(LookupError):
    """A subscription's items are none of this catalogue's, past or present."""


@dataclass(frozen=True)
class Priced:
    """What a plan costs: by interval for itself, and for each member of staff beyond the included.

    A year costs as much as ten months.
    """

    plan: Plan
    amounts: Mapping[Interval, int]
    seats: Mapping[Interval, int]

    def monthly(self, interval: Interval) -> int:
        """What a month of it costs when paid so, rounded down."""
        return self.amounts[interval] // (12 if interval == "year" else 1)

    @property
    def saved(self) -> int:
        """What paying by the year saves in a year."""
        return 12 * self.amounts["month"] - self.amounts["year"]


@dataclass(frozen=True)
class Product:
    """`id` is ours, so that the product is the same one however often it is made."""

    id: str
    name: str
    text: str
    unit: str = ""


@dataclass(frozen=True)
class Meter:
    """Adds up the events of this name for a customer and period. It has no other identity."""

    event: str
    name: str


@dataclass(frozen=True)
class Price:
    """`amount` may be less than a minor unit (a mail). `meter`: the event's name, "" for what is
    paid ahead.
    """

    key: str
    product: str
    interval: Interval
    amount: Decimal
    nickname: str
    meter: str = ""


@dataclass(frozen=True)
class Coupon:
    """`percent` off every invoice of the first `months`; 0 of them: off one invoice. `code`: what
    customers type in for it, "" where the product gives it by itself. Stripe changes no coupon, so
    another worth needs another id. Who has one keeps it when it is no longer declared.
    """

    id: str
    name: str
    percent: int
    months: int
    code: str = ""


class Item(NamedTuple):
    """`quantity` is None for what is metered."""

    key: str
    quantity: int | None


class Chosen(NamedTuple):
    """What a subscription is for. `seats`: staff beyond those that the plan includes."""

    plan: str
    interval: Interval
    seats: int

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Chosen:
        """From where it stands among others, as `_asdict` put it there."""
        return cls(params["plan"], params["interval"], params["seats"])


def _priced(plan: Plan, month: int, seat: int) -> Priced:
    return Priced(plan, {"month": month, "year": 10 * month}, {"month": seat, "year": 10 * seat})


PRICED: Final[dict[str, Priced]] = {
    one.plan.slug: one
    for one in (
        _priced(STARTER, 29_00, 6_00),
        _priced(SCHOOL, 149_00, 5_00),
        _priced(DISTRICT, 990_00, 4_00),
    )
}  # fmt: skip


def key_of(plan: str, interval: Interval, part: str = "") -> str:
    """`part`: nothing for the plan itself, `seats`, or a meter of `plans.BEYOND`."""
    return "_".join(filter(None, (plan, interval, part)))


def items(plan: str, interval: Interval, seats: int = 0) -> list[Item]:
    """The items of a subscription, in their order. Raises `KeyError` for a plan that costs nothing,
    `ValueError` for less than no seats.
    """
    if not 0 <= seats <= MOST_SEATS:
        raise ValueError(f"seats must be 0 to {MOST_SEATS}, not {seats}")
    found = [Item(key_of(PRICED[plan].plan.slug, interval), 1)]
    if seats:
        found.append(Item(key_of(plan, interval, SEATS), seats))
    return found + [Item(key_of(plan, interval, one.meter), None) for one in BEYOND.values()]


def from_items(found: Iterable[Mapping[str, Any]]) -> Chosen:
    """What a Stripe subscription's items (`items.data`, with their prices) are for. A price that
    was replaced has lost its lookup key, so each is known by its metadata first.
    Raises `UnknownItems`.
    """
    chosen, seats = None, 0
    for item in found:
        plan, interval, part = part_of(item["price"])
        if part == SEATS:
            seats += item.get("quantity") or 0
        elif part == "" and plan in PRICED:
            chosen = (plan, interval)
    if chosen is None:
        raise UnknownItems("None of these items is a plan of ours.")
    return Chosen(*chosen, seats)


def part_of(price: Mapping[str, Any]) -> tuple[str, Interval, str]:
    """Plan, interval and part of a Stripe price; empty ones for a price that is not ours."""
    key = (price.get("metadata") or {}).get(MARK) or price.get("lookup_key") or ""
    plan, _, rest = key.partition("_")
    interval, _, part = rest.partition("_")
    if plan not in PRICED or interval not in INTERVALS:
        return "", "month", ""
    return plan, "year" if interval == "year" else "month", part


def amount(plan: str, interval: Interval, seats: int = 0) -> int:
    """What recurs each interval: the plan and its seats, without tax and what is metered. No plan
    that is free costs anything.
    """
    if plan not in PRICED:
        return 0
    return PRICED[plan].amounts[interval] + seats * PRICED[plan].seats[interval]


def event_of(beyond: Beyond) -> str:
    """The name of a meter's events at Stripe."""
    return f"{MARK}_{beyond.meter}"


def _products() -> Iterable[Product]:
    for one in PRICED.values():
        yield Product(f"{MARK}_{one.plan.slug}", f"ToolBoxAI {one.plan.name}", one.plan.text)
    yield Product(f"{MARK}_{SEATS}", "Additional staff", "Staff beyond the included.", "seat")
    for beyond in BEYOND.values():
        name = f"Additional {beyond.meter}"
        yield Product(f"{MARK}_{beyond.meter}", name, f"{name} beyond the included.", beyond.unit)


def _prices() -> Iterable[Price]:
    for slug, one in PRICED.items():
        for interval in INTERVALS:
            every = "yearly" if interval == "year" else "monthly"
            yield Price(
                key_of(slug, interval), f"{MARK}_{slug}", interval,
                Decimal(one.amounts[interval]), f"{one.plan.name}, {every}",
            )  # fmt: skip
            yield Price(
                key_of(slug, interval, SEATS), f"{MARK}_{SEATS}", interval,
                Decimal(one.seats[interval]), f"Additional staff, {one.plan.name}, {every}",
            )  # fmt: skip
            for beyond in BEYOND.values():
                words = f"Additional {beyond.meter}, {one.plan.name}, {every}"
                yield Price(
                    key_of(slug, interval, beyond.meter), f"{MARK}_{beyond.meter}", interval,
                    beyond.amount, words, event_of(beyond),
                )  # fmt: skip


# For those who want to leave (`services.cancellations`).
RETENTION: Final[dict[Interval, Coupon]] = {
    "month": Coupon(f"{MARK}_retention", "Thank you for staying", 25, 3),
    "year": Coupon(f"{MARK}_retention_year", "Thank you for staying", 10, 0),
}
COUPONS: Final[dict[str, Coupon]] = {
    one.id: one
    for one in (
        *RETENTION.values(),
        Coupon(f"{MARK}_back_to_school", "Back to school", 20, 12, code="BACKTOSCHOOL"),
    )
}
PRODUCTS: Final[dict[str, Product]] = {one.id: one for one in _products()}
METERS: Final[dict[str, Meter]] = {
    event_of(one): Meter(event_of(one), f"ToolBoxAI {one.meter} beyond the included")
    for one in BEYOND.values()
}
PRICES: Final[dict[str, Price]] = {one.key: one for one in _prices()}
