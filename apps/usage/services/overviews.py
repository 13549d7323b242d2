"""Many workspaces at a glance, in a constant number of queries: for the console, a district's
schools, the metrics and the question whom to warn. From the ledger, so up to a minute old.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Q

from apps.tenants import configuration
from apps.tenants.models import Tenant
from apps.usage import gauges, plans
from apps.usage.models import UsageDay, WorkspacePlan
from apps.usage.plans import LIMITS, PLANS, Plan
from apps.usage.services import usage
from apps.usage.services.readings import last_samples, month_of

Used = dict[str, int]  # by limit's key
PRESENT = """
SELECT schema_name, metric,
       coalesce(sum(amount) FILTER (WHERE day = %(today)s), 0)::bigint, sum(amount)::bigint
FROM (
    SELECT schema_name, metric, day, amount FROM usage_usageday
    WHERE day BETWEEN %(first)s AND %(today)s AND schema_name = ANY(%(names)s)
    UNION ALL
    SELECT schema_name, metric, day, amount FROM usage_usageevent
    WHERE day BETWEEN %(first)s AND %(today)s AND schema_name = ANY(%(names)s)
) AS counted GROUP BY schema_name, metric
"""


class Nearest(NamedTuple):
    """How near a workspace is to the limit it is nearest to, and that limit's key."""

    percent: int
    key: str


def used(schema_names: Iterable[str]) -> dict[str, Used]:
    """By workspace what counts towards each limit, its own alone."""
    names = sorted(set(schema_names))
    found: dict[str, Used] = {name: dict.fromkeys(LIMITS, 0) for name in names}
    today = usage.today()
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, {"names": names, "today": today, "first": month_of(today)})
        for name, metric, day, month in cursor.fetchall():
            for limit in LIMITS.values():
                if limit.metric == metric and limit.period != "now":
                    found[name][limit.key] = day if limit.period == "day" else month
    samples = {
        **gauges.people(schema_names=names),
        plans.SCHOOLS: gauges.schools(schema_names=names),
        plans.STORAGE: last_samples(metric=plans.STORAGE, schema_names=names),
        plans.CONNECTIONS: _todays(plans.CONNECTIONS, names),
    }
    for key, numbers in samples.items():
        for name, number in numbers.items():
            found[name][key] = number
    return found


def _todays(metric: str, names: list[str]) -> dict[str, int]:
    rows = UsageDay.objects.filter(metric=metric, schema_name__in=names, day=usage.today())
    return dict(rows.order_by().values_list("schema_name", "amount"))


def plans_of(tenants: Sequence[Tenant]) -> dict[int, Plan]:
    """By primary key each one's own plan."""
    rows = WorkspacePlan.objects.filter(tenant_id__in=[t.pk for t in tenants])
    chosen = dict(rows.values_list("tenant_id", "plan"))
    return {t.pk: PLANS.get(chosen.get(t.pk, ""), plans.FREE) for t in tenants}


def nearest(tenants: Sequence[Tenant]) -> dict[str, Nearest]:
    """By workspace; select `parent` with the tenants. Those of a pool are as near as the pool."""
    heads = {t.pk: t.parent or t for t in tenants}
    top = {head.pk for head in heads.values()}
    shown = {tenant.pk for tenant in tenants}
    family = list(Tenant.objects.filter(Q(pk__in=shown | top) | Q(parent__in=top)))
    own_plans = plans_of(family)
    numbers = used(t.schema_name for t in family)
    return {t.schema_name: _nearest(t, heads[t.pk], family, own_plans, numbers) for t in tenants}


def last_active(schema_names: Iterable[str]) -> dict[str, date]:
    """By workspace the last day on which anything was counted there."""
    counted = [m.name for m in plans.METRICS.values() if not m.gauge]
    rows = UsageDay.objects.filter(schema_name__in=list(schema_names), metric__in=counted)
    return dict(rows.order_by().values_list("schema_name").annotate(Max("day")))


def _nearest(
    tenant: Tenant,
    head: Tenant,
    family: Sequence[Tenant],
    own_plans: dict[int, Plan],
    numbers: dict[str, Used],
) -> Nearest:
    own = configuration.of(tenant).limits
    pooled = head.kind == Tenant.Kind.DISTRICT and own_plans[head.pk].pooled
    mine = numbers[tenant.schema_name]
    if not pooled:
        return _worst(tenant, mine, {**own_plans[tenant.pk].limits, **own})
    total: Used = defaultdict(int)
    for one in family:
        if head.pk in {one.pk, one.parent_id}:
            for key, number in numbers[one.schema_name].items():
                total[key] += number
    shared = {**own_plans[head.pk].limits, **configuration.of(head).limits}
    together = _worst(head, total, shared)
    return max(together, _worst(tenant, mine, own)) if tenant.pk != head.pk else together


def _worst(tenant: Tenant, numbers: Used, most: dict[str, int]) -> Nearest:
    district = tenant.kind == Tenant.Kind.DISTRICT
    found = [
        Nearest(100 * numbers.get(key, 0) // most[key] if most[key] else 100, key)
        for key, limit in LIMITS.items()
        if limit.warned and key in most and (key != plans.SCHOOLS or district)
    ]
    return max(found, default=Nearest(0, ""))
