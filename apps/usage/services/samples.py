"""What the schedule does: fold, flush, look at the gauges, warn, forget what is old."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from apps.tenants.models import Tenant
from apps.usage import gauges
from apps.usage.models import UsageDay, UsageWarning
from apps.usage.plans import METRICS
from apps.usage.services import counters, usage, warnings

KEPT_DAYS = 800

log = structlog.get_logger(__name__)


def settle() -> int:
    """Every minute: bring what was counted into its days and warn; returns the new warnings.
    With Redis away, what it has counted waits there.
    """
    touched = usage.fold()
    try:
        touched |= counters.flush()
    except RedisError as error:
        log.warning("usage_counters_wait", error=type(error).__name__)
    return warnings.evaluate_all(schema_names=touched)


def look() -> int:
    """Note what every workspace has now; returns how many were looked at. One whose schema cannot
    be read is left out and reported.
    """
    names = list(
        Tenant.objects.filter(state__in=gauges.LOOKED_AT).values_list("schema_name", flat=True)
    )
    for metric, read in gauges.SHARED.items():
        found = read(schema_names=names)
        usage.sample(metric=metric, amounts={name: found.get(name, 0) for name in names})
    for metric in gauges.registered():
        note = usage.raise_sample if METRICS[metric].peak else usage.sample
        note(metric=metric, amounts=_each(metric, names))
    warnings.evaluate_all(schema_names=names)
    return len(names)


def forget() -> int:
    """Remove what is older than two years and a bit; returns how many rows."""
    day = usage.today() - timedelta(days=KEPT_DAYS)
    days, _ = UsageDay.objects.filter(day__lt=day).delete()
    old, _ = UsageWarning.objects.filter(period_start__lt=day).delete()
    return days + old


def _each(metric: str, names: list[str]) -> dict[str, int]:
    found = {}
    for name in names:
        try:
            found[name] = gauges.read(metric, schema_name=name)
        except DatabaseError as error:
            log.warning("usage_not_read", workspace=name, error=type(error).__name__)
    return found
