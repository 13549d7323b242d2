"""What is used beyond what the plan includes, where an owner has agreed to pay for it.

Months are calendar months of UTC, as with limits. Storage is charged by the average of the month's
days, in whole units; a day without a sample counts as the one before.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.tenants.access import require
from apps.tenants.models import Tenant
from apps.usage import plans
from apps.usage.models import WorkspacePlan
from apps.usage.plans import BEYOND, LIMITS, METRICS, Beyond, Limit, Plan
from apps.usage.services import ceilings, counters, terms, usage
from apps.usage.services.readings import by_day, month_of
from apps.usage.words import amount

MOST = 10_000_000  # minor units a month


@dataclass(frozen=True)
class Part:
    """One metered thing in a month: `used` of the limit's metric (of storage the last day's), what
    the plan includes, whole `units` beyond it.
    """

    beyond: Beyond
    used: int
    included: int
    units: int

    @property
    def limit(self) -> Limit:
        return LIMITS[self.beyond.key]

    @property
    def cost(self) -> int:
        """Of the units, in minor units of the currency."""
        return cost_of({self.beyond.key: self.units})

    @property
    def used_text(self) -> str:
        return amount(self.used, self.limit.unit)

    @property
    def included_text(self) -> str:
        return amount(self.included, self.limit.unit)


def cost_of(units: Mapping[str, int]) -> int:
    """Of units by the key of `plans.BEYOND`, rounded once."""
    total = sum((BEYOND[key].amount * number for key, number in units.items()), Decimal(0))
    return int(total.quantize(Decimal(1), ROUND_HALF_UP))


def of(tenant: Tenant, *, today: date | None = None) -> list[Part]:
    """What the workspace used in the month of `today`, up to that day, of all that is metered and
    limited by its plan: nothing goes beyond what has no limit.
    """
    day = today or usage.today()
    plan, names = terms.of(tenant).plan, _names(tenant)
    present = counters.present(schema_names=names)
    counted = by_day(schema_names=names, first=month_of(day), last=day, present=present)
    found = []
    for one in (one for one in BEYOND.values() if one.key in plan.limits):
        metric = LIMITS[one.key].metric
        days: dict[date, int] = {}
        for (_, name, when), number in counted.items():
            if name == metric:
                days[when] = days.get(when, 0) + number
        found.append(_part(one, plan, days, day))
    return found


def choose(*, tenant: Tenant, pays: bool, most: int | None, by: Any) -> WorkspacePlan:
    """Whether the workspace pays for what goes beyond, and the most for a calendar month in minor
    units (None: no most). Raises `Invalid`, also where the plan is free.
    """
    require("billing.update", by=by, tenant=tenant)
    if most is not None and not 0 <= most <= MOST:
        raise Invalid(errors={"most": [f"Choose 0 to {MOST // 100:,}."]})
    with schema_context("public"), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        row, _ = WorkspacePlan.objects.get_or_create(tenant_id=tenant.pk)
        if pays and terms.read(row).plan is plans.FREE:
            raise Invalid(errors={"pays": ["The plan Free has no more than it includes."]})
        before = (row.pays_beyond, row.most_beyond)
        row.pays_beyond, row.most_beyond = pays, most
        if before != (pays, most):
            row.save(update_fields=["pays_beyond", "most_beyond"])
            audit.record(
                action="usage.beyond_changed", by=by, schema_name=tenant.schema_name,
                target=tenant, data={"pays": pays, "most": most},
            )  # fmt: skip
            transaction.on_commit(ceilings.forget)
    return row


def _part(one: Beyond, plan: Plan, days: dict[date, int], today: date) -> Part:
    included = plan.limits[one.key]
    if not METRICS[LIMITS[one.key].metric].gauge:
        used = sum(days.values())
        return Part(one, used, included, max(0, used - included) // one.size)
    total, last = 0, 0
    for number in range(1, today.day + 1):
        last = days.get(today.replace(day=number), last)
        total += max(0, last - included)
    length = monthrange(today.year, today.month)[1]
    return Part(one, last, included, total // (length * one.size))


def _names(tenant: Tenant) -> list[str]:
    if tenant.kind == Tenant.Kind.DISTRICT and terms.of(tenant).plan.pooled:
        schools = Tenant.objects.filter(parent=tenant).values_list("schema_name", flat=True)
        return [tenant.schema_name, *schools]
    return [tenant.schema_name]
