"""What the numbers in Redis may become, known to each process for half a minute, so that what
happens often is held against its limits without a query.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from apps.tenants.models import Tenant
from apps.usage.errors import LimitReached
from apps.usage.plans import THRESHOLDS
from apps.usage.services import limits, usage
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

    def refusal(self, now: int) -> LimitReached | None:
        """The error that says how far the limit is used with `now` in Redis."""
        if self.tight is None:
            return None
        return limits.refusal(replace(self.tight, used=self.tight.used + now - self.began_at))


_ceilings: dict[tuple[str, str], Ceiling] = {}


def of(metric: str, *, tenant: Tenant) -> Ceiling:
    """Of one of `plans.IN_REDIS`; costs no query when asked again within half a minute."""
    found = known(metric, schema_name=tenant.schema_name)
    if found is None:
        if len(_ceilings) >= REMEMBERED:
            _ceilings.clear()
        found = _ceilings[metric, tenant.schema_name] = _look(metric, tenant)
    return found


def known(metric: str, *, schema_name: str) -> Ceiling | None:
    """What this process still knows; takes no query."""
    found = _ceilings.get((metric, schema_name))
    if found is None or found.until < time.monotonic() or found.day != usage.today():
        return None
    return found


def forget() -> None:
    """Ask anew for all limits, in this process."""
    _ceilings.clear()


def _look(metric: str, tenant: Tenant) -> Ceiling:
    states, began_at = limits.counted(metric, tenant=tenant)
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
