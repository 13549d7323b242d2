"""What this floor hears from below."""

from __future__ import annotations

from typing import Any

from django_tenants.utils import schema_context

from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed
from apps.roblox.models import Deployment, Release
from apps.roblox.services import deployments, releases


def connect() -> None:
    job_failed.connect(end_work, sender=JobRun, dispatch_uid="roblox-job-failed")


def end_work(run: JobRun, **_: Any) -> None:
    """A job that failed for good takes its deployment or its release's scan with it."""
    with schema_context(run.schema_name):
        if run.name == "roblox.deploy":
            deployment = Deployment.objects.filter(pk=run.arguments["deployment_id"]).first()
            if deployment is not None:
                deployments.fail(deployment=deployment, problem=run.problem or {})
        elif run.name == "roblox.scan_release":
            release = Release.objects.filter(
                pk=run.arguments["release_id"], state="scanning"
            ).first()
            if release is not None:
                releases.fail_scan(release=release, problem=run.problem or {})
