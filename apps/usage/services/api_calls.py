"""Letting API calls in, at one round trip to Redis each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from redis.exceptions import RedisError

from apps.tenants.models import Tenant
from apps.usage.plans import THRESHOLDS
from apps.usage.services import calls, limits, usage, warnings
from apps.usage.services.limits import State

SECONDS = 30.0  # how long a process goes by what it knows of plan, month and pool
REMEMBERED = 5_000


@dataclass(frozen=True)
class Ceiling:
    """What a workspace's number of today may become. `tight` is the limit that sets it, None
    where there is none; `marks` are the numbers at which somebody is to be warned; `rates` those of
    the plan (`plans.Plan`).
    """

    day: date
    until: float
    began_at: int
    most: int | None
    tight: State | None
    marks: frozenset[int]
    rates: Mapping[str, int]


_ceilings: dict[str, Ceiling] = {}


def take(*, tenant: Tenant) -> None:
    """Count one call of today, or raise `CallLimitReached`. Without Redis calls pass uncounted.

    A change of plan, and what other schools of a district use, is heard of within half a minute.
    """
    ceiling = ceiling_of(tenant)
    try:
        taken, now = calls.take(schema_name=tenant.schema_name, most=ceiling.most)
    except RedisError:
        return
    judge(taken=taken, now=now, ceiling=ceiling, tenant=tenant)


def judge(*, taken: bool, now: int, ceiling: Ceiling, tenant: Tenant) -> None:
    """What follows from the answer of `calls.take`, or of its script within another: raises
    `CallLimitReached`, or warns when a threshold was just passed.
    """
    if not taken and ceiling.tight:
        used = ceiling.tight.used + now - ceiling.began_at
        raise limits.refusal(replace(ceiling.tight, used=used))
    if taken and now in ceiling.marks:
        warnings.evaluate(tenant=tenant)


def forget(*, schema_name: str | None = None) -> None:
    """Ask anew for the limits of this workspace, or of all, in this process."""
    if schema_name is None:
        _ceilings.clear()
    else:
        _ceilings.pop(schema_name, None)


def ceiling_of(tenant: Tenant) -> Ceiling:
    """Costs no query when asked again within half a minute."""
    known = _ceilings.get(tenant.schema_name)
    if known is None or known.until < time.monotonic() or known.day != usage.today():
        if len(_ceilings) >= REMEMBERED:
            _ceilings.clear()
        known = _ceilings[tenant.schema_name] = _look(tenant)
    return known


def _look(tenant: Tenant) -> Ceiling:
    states, began_at = limits.calls(tenant)
    limited = [(s, s.most - s.used) for s in states if s.most is not None]
    tight, room = min(limited, key=lambda pair: pair[1], default=(None, None))
    marks = {
        began_at + -(-threshold * s.most // 100) - s.used
        for s in states
        for threshold in THRESHOLDS
        if s.most
    }
    return Ceiling(
        day=usage.today(),
        until=time.monotonic() + SECONDS,
        began_at=began_at,
        most=None if room is None else began_at + max(0, room),
        tight=tight,
        marks=frozenset(marks),
        rates=limits.plan_of(limits.pool_of(tenant) or tenant).rates,
    )
