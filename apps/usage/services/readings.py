"""What some workspaces use now: the ledger, Redis and the gauges put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

from apps.tenants.models import Tenant
from apps.usage import gauges
from apps.usage.models import UsageDay
from apps.usage.plans import MEMBERS, STAFF, Limit
from apps.usage.services import counters, usage

ByDay = dict[tuple[str, str, date], int]


class Reading:
    """Of `tenant` and those it shares its limits with. Each kind of number is asked for once,
    when it is first wanted; what has to be looked at in a workspace's own schema is looked at in
    `tenant`'s alone, and only while that is sure to stand; else it is the last sample.
    """

    def __init__(self, tenant: Tenant, others: Sequence[Tenant] = ()) -> None:
        self.tenant = tenant
        self.schema_names = list({tenant.schema_name, *(other.schema_name for other in others)})
        self._gauges: dict[str, dict[str, int]] = {}

    def used(self, limit: Limit) -> dict[str, int]:
        """By workspace what counts towards `limit`; one that used nothing may be missing."""
        if limit.period == "now":
            if limit.metric not in self._gauges:
                self._gauges[limit.metric] = self._gauge(limit.metric)
            return self._gauges[limit.metric]
        first = usage.today() if limit.period == "day" else month_of(usage.today())
        used: dict[str, int] = defaultdict(int)
        for (name, metric, day), amount in self._counted.items():
            if metric == limit.metric and day >= first:
                used[name] += amount
        return used

    @cached_property
    def present(self) -> dict[str, counters.Hash]:
        """What Redis has counted today, by metric, as this reading has counted it."""
        return counters.present(schema_names=self.schema_names)

    @cached_property
    def _counted(self) -> ByDay:
        present, today = self.present, usage.today()  # in this order, see `by_day`
        return by_day(
            schema_names=self.schema_names, first=month_of(today), last=today, present=present
        )

    def _gauge(self, metric: str) -> dict[str, int]:
        if metric in {MEMBERS, STAFF}:
            self._gauges |= gauges.people(schema_names=self.schema_names)
            return self._gauges[metric]
        if metric in gauges.SHARED:
            return gauges.SHARED[metric](schema_names=self.schema_names)
        here = self.tenant.schema_name
        if self.tenant.state not in gauges.LOOKED_AT:
            return last_samples(metric=metric, schema_names=self.schema_names)
        others = [name for name in self.schema_names if name != here]
        samples = last_samples(metric=metric, schema_names=others) if others else {}
        return {**samples, here: gauges.read(metric, schema_name=here)}


def by_day(
    *, schema_names: Sequence[str], first: date, last: date, present: Mapping[str, counters.Hash]
) -> ByDay:
    """(schema_name, metric, day) to what was counted or, for gauges, last sampled; days without
    anything are missing. With `present`, read before, what Redis counts today is that of this
    moment: its numbers only grow, so the database can only have as many of them or more.
    """
    live = {metric: dict(found.amounts) for metric, found in present.items()}
    found: ByDay = defaultdict(int)
    for row in usage.counted(schema_names=schema_names, first=first, last=last):
        amount = row.amount
        known = present.get(row.metric)
        if known and (row.day, row.source) == (known.day, known.life):
            amount = max(amount, live[row.metric].pop(row.schema_name, 0))
        found[row.schema_name, row.metric, row.day] += amount
    for metric, amounts in live.items():
        for name, amount in amounts.items():
            found[name, metric, present[metric].day] += amount
    return found


def last_samples(*, metric: str, schema_names: Sequence[str]) -> dict[str, int]:
    rows = UsageDay.objects.filter(metric=metric, schema_name__in=schema_names)
    latest = rows.order_by("schema_name", "-day").distinct("schema_name")
    return dict(latest.values_list("schema_name", "amount"))


def month_of(day: date) -> date:
    return day.replace(day=1)
