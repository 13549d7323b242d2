"""Letting API calls in, at one round trip to Redis each."""

from __future__ import annotations

from redis.exceptions import RedisError

from apps.tenants.models import Tenant
from apps.usage.plans import API_CALLS
from apps.usage.services import ceilings, counters, warnings
from apps.usage.services.ceilings import Ceiling


def take(*, tenant: Tenant) -> None:
    """Count one call of today, or raise `CallLimitReached`. Without Redis calls pass uncounted.

    A change of plan, and what other schools of a district use, is heard of within half a minute.
    """
    ceiling = ceiling_of(tenant)
    try:
        taken, now = counters.take(schema_name=tenant.schema_name, most=ceiling.most)
    except RedisError:
        return
    judge(taken=taken, now=now, ceiling=ceiling, tenant=tenant)


def judge(*, taken: bool, now: int, ceiling: Ceiling, tenant: Tenant) -> None:
    """What follows from the answer of `counters.take`, or of its script within another: raises
    `CallLimitReached`, or warns when a threshold was just passed.
    """
    if not taken and (refusal := ceiling.refusal(now)) is not None:
        raise refusal
    if taken and now in ceiling.marks:
        warnings.evaluate(tenant=tenant)


def ceiling_of(tenant: Tenant) -> Ceiling:
    """Costs no query when asked again within half a minute."""
    return ceilings.of(API_CALLS, tenant=tenant)
