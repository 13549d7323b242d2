"""A workspace's own jobs: its people see them, stop them and have them run again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from apps.core.errors import NotFound
from apps.jobs.models import JobRun, JobRunQuerySet, titles
from apps.jobs.services import outcomes, replays
from apps.tenants.access import require
from apps.tenants.models import Tenant


def of(tenant: Tenant) -> JobRunQuerySet:
    """The newest first, without what only operators read."""
    rows = JobRun.objects.of_workspace(tenant.schema_name).with_undone()
    return rows.defer("arguments", "private_arguments", "traceback")


def members_of(run: JobRun) -> JobRunQuerySet:
    """Of a chain or group, in their order; as `of`."""
    return run.family.with_undone().defer("arguments", "private_arguments", "traceback")


def search(rows: JobRunQuerySet, words: str) -> JobRunQuerySet:
    """Those that are called so, or were asked for by such a person or key."""
    if not words:
        return rows
    names = [name for name, title in titles().items() if words.lower() in title.lower()]
    called = Q(name__in=names, label="") | Q(label__icontains=words) | Q(name=words)
    return rows.filter(called | Q(actor_label__icontains=words))


def count_open(rows: JobRunQuerySet) -> dict[str, int]:
    """By state, of those that have not ended."""
    counted = rows.unfinished().order_by().values_list("state").annotate(Count("pk"))
    return {str(state): number for state, number in counted}


def find(*, tenant: Tenant, job_id: UUID) -> JobRun:
    """Raises `NotFound` for another workspace's job as for none."""
    run = of(tenant).select_related("parent").filter(pk=job_id).first()
    if run is None:
        raise NotFound("There is no such job in this workspace.")
    return run


def cancel(*, tenant: Tenant, run: JobRun, by: Any) -> JobRun:
    """As `outcomes.cancel`, for who may begin such work: of a chain or group all of it. Raises
    `NotCancellable`.
    """
    _require_steering(tenant, run, by, outcomes.NotCancellable)
    return outcomes.cancel(run=run, by=by)


def replay(*, tenant: Tenant, run: JobRun, by: Any) -> JobRun:
    """As `replays.replay`, for who may begin such work, and where that would mend anything.
    Raises `NotReplayable`.
    """
    _require_steering(tenant, run, by, replays.NotReplayable)
    if run.state not in JobRun.UNDONE:
        raise replays.NotReplayable(f"{run.title} is {run.state}.")
    if not run.is_replayable and not run.is_unreached:
        raise replays.NotReplayable("What it was to do has ended for good. Ask for it anew.")
    return replays.replay(run=run, by=by)


def _require_steering(
    tenant: Tenant,
    run: JobRun,
    by: Any,
    refusal: type[outcomes.NotCancellable | replays.NotReplayable],
) -> None:
    require("jobs.manage", by=by, tenant=tenant)
    needed = run.permissions
    if not needed:
        raise refusal("The product does this by itself; its operators look after it.")
    for permission in sorted(needed):
        require(permission, by=by, tenant=tenant)
