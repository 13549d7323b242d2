"""May more be used? The one place that asks, and says how near each limit is.

    limits.require("members", tenant=tenant)          # raises LimitReached
    limits.of(tenant)                                  # every limit, for pages

A limit comes from the workspace's plan, or from its configuration where an operator set another.
The schools of a district whose plan is pooled share the district's limits; one that has a limit
of its own besides is held to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.database import connection as workspace
from apps.tenants import configuration
from apps.tenants.models import Tenant
from apps.usage import plans
from apps.usage.errors import CallLimitReached, LimitReached
from apps.usage.plans import BEYOND, LIMITS, THRESHOLDS, Limit, Plan
from apps.usage.services import terms, usage
from apps.usage.services.readings import Reading, month_of
from apps.usage.services.terms import Terms
from apps.usage.words import amount

# Asked for in a row, one after the other, so that two cannot both take the last place. Not jobs
# and mails: they are wanted in the middle of longer deeds, which would wait for each other.
EXACT = frozenset({
    plans.MEMBERS, plans.STAFF, plans.CLASSES, plans.SCHOOLS, plans.STORAGE, plans.DEPLOYMENTS,
    plans.WEBHOOKS, plans.REALTIME_APPS, plans.SENDER_DOMAINS,
})  # fmt: skip

NEAR, REACHED = 80, 100  # percent of a spending limit at which its owners hear of it
BILLING: Final = "/settings/billing/plan/"


@dataclass(frozen=True)
class State:
    """One limit at this moment. `most` is None where nothing is limited.

    `own` is this workspace's part of `used`; it is less where the limit is shared with the other
    schools of `pool`, a district.
    """

    limit: Limit
    used: int
    most: int | None
    own: int
    pool: Tenant | None = None

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down, so that 100 means reached."""
        if self.most is None:
            return None
        return 100 * self.used // self.most if self.most else 100

    @property
    def threshold(self) -> int:
        """The highest of 80, 95 and 100 percent that is reached, else 0; always 0 of what nobody is
        warned of (`Limit.warned`).
        """
        if not self.limit.warned:
            return 0
        return max((t for t in THRESHOLDS if (self.percent or 0) >= t), default=0)

    @property
    def text(self) -> str:
        """`43 of 100`, as people read it, in the active language."""
        used = amount(self.used, self.limit.unit)
        if self.most is None:
            return used
        return _("%(used)s of %(most)s") % {
            "used": used, "most": amount(self.most, self.limit.unit),
        }  # fmt: skip

    @property
    def label(self) -> str:
        """What is limited, in the active language."""
        return _(self.limit.label)

    @property
    def level(self) -> str:
        """How a page shows it: "", "warning" from 80, "danger" from 95 percent."""
        return {0: "", 80: "warning"}.get(self.threshold, "danger")

    @property
    def is_shared(self) -> bool:
        return self.pool is not None

    @property
    def resets_at(self) -> datetime | None:
        """When a day's or month's count begins anew; None for what there is."""
        return _next_start(self.limit, usage.today())


def require(metric: str, *, tenant: Tenant | None = None, adding: int = 1) -> None:
    """Raises `LimitReached` when `adding` more would be more than the workspace (the present one
    when left out) may have. What belongs to no workspace is not limited.

    Call it in the transaction of the deed and before it: for what must be exact (members, schools,
    storage, deployments) others who ask wait until its end. API calls have `api_calls.take`,
    and what else Redis counts has `ceilings.of`.
    """
    tenant = tenant or Tenant.objects.filter(schema_name=workspace.schema_name).first()
    if tenant is None:
        return
    pool = pool_of(tenant)
    if metric in EXACT:
        _queue(metric, pool or tenant)
    near = False
    for found in _states(tenant, limits_on(metric), pool):
        if found.most is None:
            continue
        if found.used + adding > found.most:
            raise refusal(found, adding=adding, payer=pool or tenant)
        near = near or (found.limit.warned and _crosses(found, adding))
    if near:
        _tell(tenant)


def of(tenant: Tenant) -> list[State]:
    """Every limit as it stands, in the order of their declaration; of schools only a district's."""
    return _nearest(held(tenant))


def held(tenant: Tenant) -> list[State]:
    """As `of`, but where a shared limit and one of its own hold for a workspace, both."""
    chosen = [v for v in LIMITS.values() if v.metric != plans.SCHOOLS or is_district(tenant)]
    return list(_states(tenant, chosen))


def state(key: str, *, tenant: Tenant) -> State:
    """One limit by its key (`members`, `api_calls_day`, …)."""
    return _nearest(_states(tenant, [LIMITS[key]]))[0]


def counted(metric: str, *, tenant: Tenant) -> tuple[list[State], int]:
    """The limits on what Redis counts, and its number of today when they were read."""
    pool = pool_of(tenant)
    reading = _reading(tenant, pool)
    states = list(_states(tenant, limits_on(metric), pool, reading))
    present = reading.present.get(metric)
    return states, present.amounts.get(tenant.schema_name, 0) if present else 0


def ceiling_of(key: str, *, tenant: Tenant) -> tuple[Tenant, int | None]:
    """Who a limit is counted on, the workspace or the district whose limits it shares, and the
    most that is allowed there; for what is counted elsewhere than here.
    """
    payer = pool_of(tenant) or tenant
    own = configuration.of(payer).limits
    return payer, own.get(key, plan_of(payer).limits.get(key))


def plan_of(tenant: Tenant) -> Plan:
    """The workspace's own plan, whatever district it belongs to."""
    return terms.of(tenant).plan


def pool_of(tenant: Tenant) -> Tenant | None:
    """The district whose limits the workspace shares: its own parent's, or itself; else None."""
    district = tenant.parent if tenant.parent_id else tenant
    if district is None or not is_district(district):
        return None
    return district if plan_of(district).pooled else None


@dataclass(frozen=True)
class Spending:
    """How far a customer's most for a month is used, in minor units: by what there is now, files
    as if they stayed all month, because so it is decided whether more is let through. `next_unit`:
    the price of the dearest unit of what goes beyond.
    """

    spent: Decimal
    most: int
    next_unit: Decimal

    @property
    def threshold(self) -> int:
        """The highest of 80 and 100 percent that is reached, else 0. 100: a unit more of something
        that goes beyond would be too much.
        """
        if self.next_unit and self.spent + self.next_unit > self.most:
            return REACHED
        is_near = 100 * self.spent >= NEAR * self.most
        return NEAR if self.next_unit and is_near else 0

    @property
    def percent(self) -> int:
        if self.threshold == REACHED or not self.most:
            return self.threshold
        return int(100 * self.spent / self.most)


def spending(tenant: Tenant) -> Spending | None:
    """Of the workspace, or of the district that pays for it; None where nobody chose a most, or
    nothing beyond the plan is paid for.
    """
    pool = pool_of(tenant)
    held = terms.of(pool or tenant)
    if not held.pays_beyond or held.most_beyond is None:
        return None
    spent, used = _spent(held, _reading(tenant, pool))
    beyond = [BEYOND[key].amount for key, number in used.items() if number > held.plan.limits[key]]
    return Spending(spent, held.most_beyond, max(beyond, default=Decimal(0)))


def refusal(found: State, *, adding: int = 1, payer: Tenant | None = None) -> LimitReached:
    """The error that says which limit is reached, how far, and what to do about it; of seats also
    where `payer` buys more.
    """
    kind = CallLimitReached if found.limit.metric == plans.API_CALLS else LimitReached
    most, used = found.most or 0, found.used
    begins = found.resets_at
    error = kind(
        _sentence(found, adding),
        limit=found.limit.key,
        used=used,
        most=most,
        resets_at=begins.isoformat() if begins else None,
    )
    if payer is not None and found.limit.metric == plans.STAFF:
        error.extra["upgrade_url"] = f"{payer.url}{BILLING}"
    if begins is not None:
        error.retry_after = max(1, round((begins - timezone.now()).total_seconds()))
    return error


def _sentence(found: State, adding: int) -> str:
    unit = found.limit.unit
    used, most = amount(found.used, unit), amount(found.most or 0, unit)
    more = f", and this needs {amount(adding, unit)}" if adding > 1 else ""
    whose = f"{found.pool} and its schools have" if found.pool else "The workspace has"
    if found.limit.metric == plans.STAFF:
        return (
            f"{found.limit.label}: {whose} taken {used} of {most} seats{more}. "
            "An owner buys more, or changes the plan, under Settings, Billing. Pupils and "
            "guardians need none."
        )
    begins = found.resets_at
    way = f"It begins anew on {begins:%-d %B at %H:%M} UTC; wait" if begins else "Make room"
    return (
        f"{found.limit.label}: {whose} used {used} of {most}{more}. "
        f"{way}, or have an owner ask for a larger plan."
    )


def _states(
    tenant: Tenant,
    wanted: Iterable[Limit],
    pool: Tenant | None = None,
    reading: Reading | None = None,
) -> Iterator[State]:
    """Each limit that holds here: the plan's, or the pool's and, where one is set, the own."""
    pool = pool or pool_of(tenant)
    reading = reading or _reading(tenant, pool)
    own = configuration.of(tenant).limits
    shared = configuration.of(pool).limits if pool else {}
    held = terms.of(pool or tenant)
    base = _allowed(held, reading)
    for limit in wanted:
        used = reading.used(limit)
        mine = used.get(tenant.schema_name, 0)
        if pool is None:
            yield State(limit, mine, _most(limit, own, base, held), mine)
            continue
        most = _most(limit, shared, base, held)
        yield State(limit, sum(used.values()), most, mine, pool)
        if limit.key in own and pool.pk != tenant.pk:
            yield State(limit, mine, own[limit.key], mine)


def _most(
    limit: Limit, chosen: Mapping[str, int], base: Mapping[str, int], held: Terms
) -> int | None:
    """What an operator has chosen, else the plan's; seats that are bought come on top of both."""
    most = chosen.get(limit.key, base.get(limit.key))
    return most + held.seats if limit.metric == plans.STAFF and most is not None else most


def _allowed(held: Terms, reading: Reading) -> Mapping[str, int]:
    """The plan's limits; those of what is paid for beyond the included (`plans.BEYOND`) are as far
    away as the customer's most for a month allows, and no further than `Beyond.times`.
    """
    included = held.plan.limits
    if not held.pays_beyond:
        return included
    spent, used = _spent(held, reading)
    allowed = dict(included)
    for key in used:
        one = BEYOND[key]
        most = included[key] * one.times
        if held.most_beyond is not None:
            room = max(Decimal(0), held.most_beyond - spent)
            most = min(most, max(included[key], used[key]) + int(room * one.size / one.amount))
        allowed[key] = most
    return allowed


def _spent(held: Terms, reading: Reading) -> tuple[Decimal, dict[str, int]]:
    """What is held against the most, and how much there is of each metered and limited thing."""
    included = held.plan.limits
    used = {key: sum(reading.used(LIMITS[key]).values()) for key in BEYOND if key in included}
    costs = (_cost(key, number - included[key]) for key, number in used.items())
    return sum(costs, Decimal(0)), used


def _cost(key: str, more: int) -> Decimal:
    return max(0, more) * BEYOND[key].amount / BEYOND[key].size


def _reading(tenant: Tenant, pool: Tenant | None) -> Reading:
    return Reading(tenant, [pool, *Tenant.objects.filter(parent=pool)] if pool else ())


def _nearest(states: Iterable[State]) -> list[State]:
    """One of each: where two hold, the one that is nearer."""
    chosen: dict[str, State] = {}
    for found in states:
        before = chosen.get(found.limit.key)
        if before is None or (found.percent or 0) > (before.percent or 0):
            chosen[found.limit.key] = found
    return list(chosen.values())


def limits_on(metric: str) -> list[Limit]:
    found = [limit for limit in LIMITS.values() if limit.metric == metric]
    if not found:
        raise LookupError(f"Nothing limits {metric}; see apps.usage.plans")
    return found


def is_district(tenant: Tenant) -> bool:
    return tenant.kind == Tenant.Kind.DISTRICT


def _crosses(found: State, adding: int) -> bool:
    """Whether `adding` takes it over a threshold that it is below now."""
    most = found.most or 0
    return any(100 * found.used < t * most <= 100 * (found.used + adding) for t in THRESHOLDS)


def _tell(tenant: Tenant) -> None:
    from apps.usage.services import warnings

    transaction.on_commit(lambda: warnings.evaluate(tenant=tenant), robust=True)


def _queue(metric: str, tenant: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 80952))",
            [f"{tenant.schema_name}:{metric}"],
        )


def _next_start(limit: Limit, day: date) -> datetime | None:
    if limit.period == "now":
        return None
    next_month = month_of(month_of(day) + timedelta(days=32))
    following = day + timedelta(days=1) if limit.period == "day" else next_month
    return datetime.combine(following, time(), tzinfo=UTC)
