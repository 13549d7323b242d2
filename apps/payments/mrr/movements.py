"""How monthly recurring revenue moved from month to month, and what follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from apps.payments.months import YEAR, midnight, next_month


class Kind(StrEnum):
    """What became of one customer's revenue within a month, all of its subscriptions together."""

    NEW = "new"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    CHURN = "churn"
    REACTIVATION = "reactivation"


@dataclass(frozen=True)
class Point:
    """From `at` on a subscription of a customer is worth `monthly` minor units a month."""

    customer: Hashable
    subscription: str
    at: datetime
    monthly: int


@dataclass(frozen=True)
class Movement:
    """`amount` is signed; `monthly` is what the customer is worth at the month's end."""

    customer: Hashable
    kind: Kind
    amount: int
    monthly: int


@dataclass(frozen=True)
class Month:
    """`opening` and `closing` are minor units at its first and last moment; `opening` and the
    amounts of all movements add up to `closing`. Customers are those worth more than nothing.
    """

    start: date
    opening: int
    closing: int
    customers_before: int
    customers: int
    movements: tuple[Movement, ...] = field(default=())

    def amount(self, kind: Kind) -> int:
        """Minor units, negative for contraction and churn."""
        return sum(one.amount for one in self.movements if one.kind is kind)

    def count(self, kind: Kind) -> int:
        return sum(one.kind is kind for one in self.movements)

    @property
    def annual(self) -> int:
        return YEAR * self.closing

    @property
    def average(self) -> int:
        """A paying customer's revenue a month (ARPA), minor units."""
        return round(Fraction(self.closing, self.customers)) if self.customers else 0

    @property
    def customer_churn(self) -> Fraction | None:
        """Which part of those who were customers at its start left; None where nobody was."""
        return _part(self.count(Kind.CHURN), self.customers_before)

    @property
    def revenue_churn(self) -> Fraction | None:
        """Which part of the opening revenue was lost, by leaving and by paying less."""
        return _part(-self.amount(Kind.CHURN) - self.amount(Kind.CONTRACTION), self.opening)

    @property
    def retention(self) -> Fraction | None:
        """Net revenue retention: what those who were customers at its start pay at its end."""
        kept = sum(self.amount(kind) for kind in (Kind.EXPANSION, Kind.CONTRACTION, Kind.CHURN))
        return _part(self.opening + kept, self.opening)


def by_month(points: Iterable[Point], months: Sequence[date]) -> list[Month]:
    """`months` are first days of months one after the other, UTC. Of the last one, what lies in
    the future is not known yet: leave it out of `points`.
    """
    history = _histories(points)
    ends = [*months, next_month(months[-1])]
    worth = {customer: [_worth_at(steps, end) for end in ends] for customer, steps in history}
    been = {customer: _had_been(steps, months[0]) for customer, steps in history}
    return [_month(start, number, worth, been) for number, start in enumerate(months)]


def retained(points: Iterable[Point], *, since: date, until: date) -> Fraction | None:
    """Net revenue retention over a longer time: what those who were customers on `since` pay on
    `until`, as a part of what they paid then.
    """
    pairs = [(_worth_at(steps, since), _worth_at(steps, until)) for _, steps in _histories(points)]
    return _part(sum(now for then, now in pairs if then), sum(then for then, _ in pairs))


def _month(
    start: date, number: int, worth: dict[Hashable, list[int]], been: dict[Hashable, bool]
) -> Month:
    movements = []
    for customer, at_ends in worth.items():
        before, after = at_ends[number], at_ends[number + 1]
        kind = _kind(before, after, been=been[customer])
        if kind:
            movements.append(Movement(customer, kind, after - before, after))
        been[customer] = been[customer] or after > 0
    return Month(
        start,
        opening=sum(at_ends[number] for at_ends in worth.values()),
        closing=sum(at_ends[number + 1] for at_ends in worth.values()),
        customers_before=sum(at_ends[number] > 0 for at_ends in worth.values()),
        customers=sum(at_ends[number + 1] > 0 for at_ends in worth.values()),
        movements=tuple(sorted(movements, key=lambda one: -abs(one.amount))),
    )


def _kind(before: int, after: int, *, been: bool) -> Kind | None:
    if before == after:
        return None
    if not before:
        return Kind.REACTIVATION if been else Kind.NEW
    if not after:
        return Kind.CHURN
    return Kind.EXPANSION if after > before else Kind.CONTRACTION


Steps = list[tuple[datetime, int]]


def _histories(points: Iterable[Point]) -> list[tuple[Hashable, Steps]]:
    """What each customer was worth from when on, its subscriptions added up."""
    grouped = defaultdict[Hashable, list[Point]](list)
    for point in points:
        grouped[point.customer].append(point)
    return [(customer, list(_steps(theirs))) for customer, theirs in grouped.items()]


def _steps(points: list[Point]) -> Iterator[tuple[datetime, int]]:
    worth = dict[str, int]()
    for point in sorted(points, key=lambda point: point.at):
        worth[point.subscription] = point.monthly
        yield point.at, sum(worth.values())


def _worth_at(steps: Steps, day: date) -> int:
    """Just before the day begins."""
    moment = midnight(day)
    return next((worth for at, worth in reversed(steps) if at < moment), 0)


def _had_been(steps: Steps, day: date) -> bool:
    moment = midnight(day)
    return any(worth > 0 for at, worth in steps if at < moment)


def _part(of: int, whole: int) -> Fraction | None:
    return Fraction(of, whole) if whole else None
