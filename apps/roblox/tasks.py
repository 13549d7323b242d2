from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.accounts.models import User
from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.roblox.models import Release
from apps.roblox.services import delivery, deployments, releases


@shared_task(
    base=Job,
    bind=True,
    name="roblox.scan_release",
    job_queue="interactive",
    title="Scan a release",
    unique="{release_id}",
    replayable=True,
    permission="releases.create",
)
def scan_release(self: Job, run: JobRun, *, release_id: str) -> dict[str, Any]:
    release = releases.examine(release=Release.objects.get(pk=release_id))
    return {"state": release.state, "findings": release.findings.count()}


@shared_task(
    base=Job,
    bind=True,
    name="roblox.stage_release",
    job_queue="interactive",
    max_attempts=8,
    title="Deploy to staging",
    unique="{release_id}",
    permission="deployments.stage",
    replayable=True,
)
def stage_release(self: Job, run: JobRun, *, release_id: str) -> dict[str, Any]:
    """After the scan, in a chain (`releases.create`), or beside others (`stagings.begin`)."""
    deployment = deployments.stage_within(
        release=releases.get(release_id=release_id),
        by=User.objects.filter(pk=run.actor_id).first() if run.actor_id else None,
        run=run,
    )
    delivery.carry_out(deployment_id=str(deployment.pk), run=run)
    deployment.refresh_from_db()
    return {"state": deployment.state, "roblox_version": deployment.roblox_version}


@shared_task(
    base=Job,
    bind=True,
    name="roblox.deploy",
    job_queue="interactive",
    max_attempts=8,
    title="Deploy a release",
    idempotency="{deployment_id}",
)
def deploy(self: Job, run: JobRun, *, deployment_id: str) -> dict[str, Any]:
    deployment = delivery.carry_out(deployment_id=deployment_id, run=run)
    return {"state": deployment.state, "roblox_version": deployment.roblox_version}
