from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.services import runs
from apps.jobs.task import Job
from apps.tenants.models import Tenant
from apps.tenants.services import tenants


@shared_task(
    base=Job,
    bind=True,
    name="tenants.provision",
    job_queue="interactive",
    title="Set up a workspace",
)
def provision(self: Job, run: JobRun, *, tenant_id: int) -> dict[str, Any]:
    tenant = Tenant.objects.get(pk=tenant_id)

    def report(percent: int, migration: str) -> None:
        runs.report(run=run, progress=min(percent, 99), message=f"Building {migration}")

    tenants.finish(tenant=tenant, report=report)
    return {"url": tenant.url}
