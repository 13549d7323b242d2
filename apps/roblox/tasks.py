from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.roblox.models import Release
from apps.roblox.services import delivery, releases


@shared_task(
    base=Job,
    bind=True,
    name="roblox.scan_release",
    job_queue="interactive",
    title="Scan a release",
    unique="{release_id}",
)
def scan_release(self: Job, run: JobRun, *, release_id: str) -> dict[str, Any]:
    release = releases.examine(release=Release.objects.get(pk=release_id))
    return {"state": release.state, "findings": release.findings.count()}


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
