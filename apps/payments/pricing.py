"""Prices as people compare them: drawn from what is declared, so that no page says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apps.payments import money
from apps.payments.catalogue import CURRENCY, PRICED, Priced
from apps.usage.plans import BEYOND, FEATURES, LIMITS, PLANS, Beyond, Plan
from apps.usage.words import amount

# What a plan's card tells of its limits; the table below the cards has all that are compared.
HIGHLIGHTS = ("classes", "storage_bytes", "deployments_month")
ROOM = (
    "members", "classes", "storage_bytes", "deployments_month", "mails_month", "api_calls_month",
    "webhooks", "realtime_apps", "connections", "sender_domains", "schools",
)  # fmt: skip
LABELS = {
    "members": "Members in all, pupils among them",
    "deployments_month": "Deployments a month",
    "mails_month": "Mails a month",
    "api_calls_month": "API calls a month",
    "connections": "Realtime connections at once",
    "schools": "Schools of a district",
}


@dataclass(frozen=True)
class Offer:
    """One plan's card. `priced` is None for the free one."""

    plan: Plan
    priced: Priced | None
    features: list[str]

    @property
    def month(self) -> str:
        return whole(self.priced.amounts["month"] if self.priced else 0)

    @property
    def year(self) -> str:
        return whole(self.priced.amounts["year"] if self.priced else 0)

    @property
    def saved(self) -> str:
        return whole(self.priced.saved) if self.priced else ""


@dataclass(frozen=True)
class Row:
    """`cells`: of each plan a text, or whether it has it."""

    label: str
    cells: list[str | bool]
    note: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[Row]


def offers() -> list[Offer]:
    """Each plan, the smallest first, with what it has that the one before has not."""
    found, before = [], frozenset[str]()
    for plan in PLANS.values():
        new = [FEATURES[name].label for name in FEATURES if name in plan.features - before]
        pooled = ["All of it shared by its schools"] if plan.pooled else []
        found.append(Offer(plan, PRICED.get(plan.slug), [*_highlights(plan), *new, *pooled]))
        before = plan.features
    return found


def comparison() -> list[Group]:
    return [
        Group("People", list(_people())),
        Group("Room", [_row(_label(key), _limit(key)) for key in ROOM]),
        Group("Features", list(_features())),
        Group("Beyond what is included", list(_beyond())),
    ]


def whole(minor: int) -> str:
    """`€29`, and `€0.50` where there are cents."""
    return money.text(minor, CURRENCY).removesuffix(".00")


def each(beyond: Beyond) -> str:
    """`€0.02 a deployment`, `€1 per 1,000 mails`."""
    told = whole(int(beyond.amount * beyond.told))
    if beyond.told == 1:
        return f"{told} a {beyond.unit}"
    return f"{told} per {beyond.told:,} {beyond.unit}s"


def _highlights(plan: Plan) -> Iterator[str]:
    pupils = plan.limits["members"]
    yield f"{plan.staff:,} staff, pupils free up to {pupils:,} members"
    for key in HIGHLIGHTS:
        unit = LIMITS[key].unit
        yield f"{amount(plan.limits[key], unit)} {_noun(key)}"


def _noun(key: str) -> str:
    nouns = {"classes": "classes", "storage_bytes": "of files"}
    return nouns.get(key, "deployments a month")


def _people() -> Iterator[Row]:
    yield _row("Staff included", lambda plan: f"{plan.staff:,}")
    yield _row("Each one more, a month", _seat)
    yield _row("Pupils and guardians", lambda _plan: "Free")


def _seat(plan: Plan) -> str | bool:
    priced = PRICED.get(plan.slug)
    return whole(priced.seats["month"]) if priced else False


def _features() -> Iterator[Row]:
    for feature in FEATURES.values():
        yield _row(
            feature.label, lambda plan, name=feature.name: name in plan.features, feature.text
        )
    text = "What the plan includes is for all schools of the district together."
    yield _row("Shared by a district's schools", lambda plan: plan.pooled, text)


def _beyond() -> Iterator[Row]:
    for one in BEYOND.values():
        told = each(one)
        yield _row(
            LIMITS[one.key].label.removesuffix(" this month"),
            lambda plan, told=told: told if plan.slug in PRICED else False,
        )


def _limit(key: str) -> Callable[[Plan], str]:
    return lambda plan: amount(plan.limits[key], LIMITS[key].unit)


def _label(key: str) -> str:
    return LABELS.get(key, LIMITS[key].label)


def _row(label: str, cell: Callable[..., str | bool], note: str = "") -> Row:
    return Row(label, [cell(plan) for plan in PLANS.values()], note)
