"""Telling owners in time: at 80, 95 and 100 percent of a limit, once each in a period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.audit.services import entries as audit
from apps.tenants.models import Tenant
from apps.usage import signals
from apps.usage.models import UsageWarning
from apps.usage.plans import LIMITS, THRESHOLDS, Limit
from apps.usage.services import limits, overviews, usage
from apps.usage.services.limits import State
from apps.usage.services.readings import month_of

SECONDS = 60


def evaluate(*, tenant: Tenant) -> list[UsageWarning]:
    """Warn of every limit that is near for the first time in its period, and clear what is so no
    longer; returns the new warnings. A shared limit is the district's, and its owners hear of it.

    A limit that jumps over two thresholds at once is warned of once, at the higher one.
    """
    with schema_context("public"), transaction.atomic():
        pool = limits.pool_of(tenant)
        states = limits.held(tenant)
        new = _compare(tenant, [s for s in states if s.pool is None or s.pool == tenant])
        if pool is not None and pool.pk != tenant.pk:
            new += _compare(pool, limits.held(pool))
    return new


def evaluate_all(*, schema_names: Iterable[str]) -> int:
    """Look at these workspaces and at all with an open warning; returns how many are new. Only
    those that are near a limit by the ledger are looked at one by one.
    """
    warned = set(UsageWarning.objects.open().values_list("schema_name", flat=True))
    tenants = Tenant.objects.filter(schema_name__in={*schema_names, *warned})
    percents = overviews.nearest(list(tenants.select_related("parent")))
    near = {name for name, (percent, _) in percents.items() if percent >= THRESHOLDS[0]}
    chosen = [t for t in tenants if t.schema_name in near | warned]
    return sum(len(evaluate(tenant=tenant)) for tenant in chosen)


def open_for(*, tenant: Tenant) -> list[dict[str, object]]:
    """What the banner shows: of each limit that is near the highest threshold, the worst first, as
    `label`, `threshold`, `shared`. From the cache for up to a minute.
    """
    key = f"usage-notice:{tenant.schema_name}"
    try:
        known = cache.get(key)
        if known is None:
            known = _open(tenant)
            cache.set(key, known, SECONDS)
    except RedisError:
        known = _open(tenant)
    return list(known)


def _open(tenant: Tenant) -> list[dict[str, object]]:
    pool = limits.pool_of(tenant) if tenant.parent_id else None
    names = [tenant.schema_name, *([pool.schema_name] if pool else [])]
    rows = UsageWarning.objects.open().filter(schema_name__in=names).order_by("threshold")
    highest = {(w.schema_name, w.limit): w for w in rows if w.limit in LIMITS and _is_present(w)}
    found = sorted(highest.values(), key=lambda w: -w.threshold)
    return [
        {
            "label": LIMITS[w.limit].label,
            "threshold": w.threshold,
            "shared": w.schema_name != tenant.schema_name,
        }
        for w in found
    ]


def _compare(subject: Tenant, states: list[State]) -> list[UsageWarning]:
    _one_at_a_time(subject)
    rows = UsageWarning.objects.filter(schema_name=subject.schema_name)
    known = {(w.limit, w.threshold): w for w in rows if w.limit in LIMITS and _is_present(w)}
    reached = {(s.limit.key, t) for s in states for t in THRESHOLDS if t <= s.threshold}
    _clear(rows, {known[pair].pk for pair in reached & set(known)})
    new = [w for s in states if (w := _warn(subject, s, known)) is not None]
    transaction.on_commit(lambda: _forget(subject))
    return new


def _warn(
    subject: Tenant, found: State, known: dict[tuple[str, int], UsageWarning]
) -> UsageWarning | None:
    """A row for each threshold reached; the highest one, when it is new, is told and returned."""
    key = found.limit.key
    missing = [t for t in THRESHOLDS if t <= found.threshold and (key, t) not in known]
    for threshold in missing:
        known[key, threshold] = UsageWarning.objects.create(
            schema_name=subject.schema_name, limit=key, threshold=threshold,
            period_start=_period(found.limit), used=found.used, most=found.most or 0,
        )  # fmt: skip
    if found.threshold not in missing:
        return None
    warning = known[key, found.threshold]
    audit.record(
        action="usage.warned", by=None, schema_name=subject.schema_name, target=warning,
        label=found.limit.label,
        data={"percent": found.threshold, "used": found.used, "limit": found.most},
    )  # fmt: skip
    signals.limit_near.send(
        sender=UsageWarning, tenant=subject, state=found, threshold=found.threshold
    )
    return warning


def _clear(rows: object, kept: set[int]) -> None:
    """Open again what is so now, without telling twice; everything else is over."""
    warnings = UsageWarning.objects.filter(pk__in=kept)
    warnings.filter(cleared_at__isnull=False).update(cleared_at=None)
    rows.open().exclude(pk__in=kept).update(cleared_at=timezone.now())  # type: ignore[attr-defined]


def _period(limit: Limit) -> date:
    """What there is, rather than happens, is warned of once a month."""
    return usage.today() if limit.period == "day" else month_of(usage.today())


def _is_present(warning: UsageWarning) -> bool:
    return warning.period_start == _period(LIMITS[warning.limit])


def _one_at_a_time(subject: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 80953))", [subject.schema_name]
        )


def _forget(subject: Tenant) -> None:
    names = [subject.schema_name]
    names += Tenant.objects.filter(parent=subject).values_list("schema_name", flat=True)
    try:
        cache.delete_many([f"usage-notice:{name}" for name in names])
    except RedisError:
        return  # the entries end by themselves
