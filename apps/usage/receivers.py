"""What this floor hears from below: somebody is about to use something."""

from __future__ import annotations

from typing import Any

from apps.jobs.models import JobRun
from apps.jobs.signals import job_requested
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.tenants.signals import feature_wanted, school_wanted, seats_wanted, workspace_purged
from apps.usage.models import UsageWarning
from apps.usage.plans import JOBS, MEMBERS, SCHOOLS, STAFF
from apps.usage.services import entitlements, limits, usage


def connect() -> None:
    job_requested.connect(count_job, sender=JobRun, dispatch_uid="usage-job")
    seats_wanted.connect(check_seats, sender=Tenant, dispatch_uid="usage-seats")
    feature_wanted.connect(check_feature, sender=Tenant, dispatch_uid="usage-feature")
    school_wanted.connect(check_schools, sender=Tenant, dispatch_uid="usage-schools")
    workspace_purged.connect(clear_warnings, dispatch_uid="usage-purged")


def count_job(run: JobRun, by: Any, metered: bool, **_: Any) -> None:  # noqa: FBT001
    """Each counts. What the product does by itself, or an operator does, is never refused."""
    if not metered or run.schema_name == usage.PUBLIC:
        return
    if by is not None and not isinstance(by, Operator):
        tenant = Tenant.objects.filter(schema_name=run.schema_name).first()
        if tenant is not None:
            limits.require(JOBS, tenant=tenant)
    usage.count(schema_name=run.schema_name, metric=JOBS)


def check_seats(tenant: Tenant, adding: int, staff: int, **_: Any) -> None:
    if adding:
        limits.require(MEMBERS, tenant=tenant, adding=adding)
    if staff:
        limits.require(STAFF, tenant=tenant, adding=staff)


def check_feature(tenant: Tenant, feature: str, **_: Any) -> None:
    entitlements.require(feature, tenant=tenant)


def check_schools(district: Tenant, **_: Any) -> None:
    limits.require(SCHOOLS, tenant=district)


def clear_warnings(tenant: Tenant, **_: Any) -> None:
    """Nobody is near a limit who is gone; what was used by day stays on record."""
    UsageWarning.objects.filter(schema_name=tenant.schema_name).delete()
