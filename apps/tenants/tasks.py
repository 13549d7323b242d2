from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.services import runs
from apps.jobs.task import Job
from apps.tenants.models import Domain, Tenant
from apps.tenants.services import addresses, domains, lifecycle, purges, tenants


@shared_task(
    base=Job,
    bind=True,
    name="tenants.provision",
    job_queue="interactive",
    title="Set up a workspace",
    unique="{tenant_id}",
)
def provision(self: Job, run: JobRun, *, tenant_id: int) -> dict[str, Any]:
    tenant = Tenant.objects.get(pk=tenant_id)

    def report(percent: int, migration: str) -> None:
        runs.report(run=run, progress=min(percent, 99), message=f"Building {migration}")

    tenants.finish(tenant=tenant, report=report)
    return {"url": tenant.url}


@shared_task(
    base=Job,
    bind=True,
    name="tenants.purge_one",
    job_queue="bulk",
    max_attempts=50,
    title="Remove a deleted workspace",
    unique="{tenant_id}",
)
def purge_one(self: Job, run: JobRun, *, tenant_id: int) -> dict[str, Any]:
    return {"removed": purges.carry_out(tenant_id=tenant_id)}


@shared_task(name="tenants.purge", ignore_result=True)
def purge() -> int:
    """Warn of last days, let go of former addresses, and begin removals that are due."""
    lifecycle.warn_of_last_day()
    addresses.release_former()
    return len([purges.start(tenant=tenant) for tenant in purges.due()])


@shared_task(
    base=Job,
    bind=True,
    name="tenants.check_domain",
    job_queue="bulk",
    title="Look at a domain's record",
    unique="{domain_id}",
    replayable=True,
    permission="domains.update",
)
def check_domain(self: Job, run: JobRun, *, domain_id: int) -> dict[str, Any]:
    domain = Domain.objects.select_related("tenant").filter(pk=domain_id).first()
    return {"state": domains.check(domain=domain) if domain else "removed"}


@shared_task(name="tenants.check_domains", ignore_result=True)
def check_domains() -> int:
    return len(domains.start_checks())
