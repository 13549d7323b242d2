"""Where the releases and deployments are seen that jobs work on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.jobs.models import JobRun
from apps.roblox.models import Deployment, Release
from apps.tenants import job_subjects
from apps.tenants.job_subjects import Subject


def register() -> None:
    job_subjects.register(find_deployments, "roblox.deploy", "roblox.stage_release")
    job_subjects.register(find_releases, "roblox.scan_release")


def find_deployments(runs: Sequence[JobRun]) -> Mapping[UUID, Subject]:
    """The last of each: a job that was run again has begun another."""
    rows = Deployment.objects.filter(run_id__in=[run.pk for run in runs]).order_by("created_at")
    return {row.run_id: Subject("Deployment", row.get_absolute_url()) for row in rows if row.run_id}


def find_releases(runs: Sequence[JobRun]) -> Mapping[UUID, Subject]:
    asked = JobRun.objects.filter(pk__in=[run.pk for run in runs])
    ids = dict(asked.values_list("arguments__release_id", "pk"))
    rows = Release.objects.filter(pk__in=ids).select_related("experience")
    return {ids[str(row.pk)]: Subject("Release", row.get_absolute_url()) for row in rows}
