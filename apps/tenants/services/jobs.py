"""A workspace's own jobs: its people see them, stop them and have them run again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.core.errors import NotFound
from apps.jobs.models import JobRun, JobRunQuerySet
from apps.jobs.services import outcomes, replays
from apps.tenants.access import require
from apps.tenants.models import Tenant


def of(tenant: Tenant) -> JobRunQuerySet:
    """The newest first, without what only operators read."""
    rows = JobRun.objects.of_workspace(tenant.schema_name)
    return rows.defer("arguments", "private_arguments", "traceback")


def find(*, tenant: Tenant, job_id: UUID) -> JobRun:
    """Raises `NotFound` for another workspace's job as for none."""
    run = of(tenant).select_related("parent").filter(pk=job_id).first()
    if run is None:
        raise NotFound("There is no such job in this workspace.")
    return run


def cancel(*, tenant: Tenant, run: JobRun, by: Any) -> JobRun:
    """As `outcomes.cancel`, for who may begin such work. Raises `NotCancellable`."""
    _require_steering(tenant, run, by, outcomes.NotCancellable)
    return outcomes.cancel(run=run, by=by)


def replay(*, tenant: Tenant, run: JobRun, by: Any) -> JobRun:
    """As `replays.replay`, for who may begin such work, and where that would mend anything.
    Raises `NotReplayable`.
    """
    _require_steering(tenant, run, by, replays.NotReplayable)
    if run.state not in JobRun.UNDONE:
        raise replays.NotReplayable(f"{run.title} is {run.state}.")
    if not run.is_replayable:
        raise replays.NotReplayable("What it was to do has ended for good. Ask for it anew.")
    return replays.replay(run=run, by=by)


def _require_steering(
    tenant: Tenant,
    run: JobRun,
    by: Any,
    refusal: type[outcomes.NotCancellable | replays.NotReplayable],
) -> None:
    require("jobs.manage", by=by, tenant=tenant)
    if not run.permission:
        raise refusal("The product does this by itself; its operators look after it.")
    require(run.permission, by=by, tenant=tenant)
