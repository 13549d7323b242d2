"""What this floor hears: jobs that ended below, and its own changes for the live pages."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed
from apps.realtime import publisher
from apps.realtime.events import DeploymentChanged, ReleaseChanged
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import deployments, releases
from apps.roblox.signals import deployment_changed, release_changed
from apps.tenants.services import onboarding

FIRST_EXPERIENCE = onboarding.Step(
    name="first_experience",
    title="Connect your first experience",
    text="Name it and tell us its universe on Roblox; then releases can go there.",
    icon="cube",
    page="experience_new",
    permission="experiences.create",
    position=30,
)


def connect() -> None:
    job_failed.connect(end_work, sender=JobRun, dispatch_uid="roblox-job-failed")
    deployment_changed.connect(show_deployment, sender=Deployment, dispatch_uid="roblox-live-d")
    release_changed.connect(show_release, sender=Release, dispatch_uid="roblox-live-r")
    post_save.connect(note_experience, sender=Experience, dispatch_uid="roblox-first-experience")
    onboarding.register(FIRST_EXPERIENCE)


def end_work(run: JobRun, **_: Any) -> None:
    """A job that failed for good takes its deployment or its release's scan with it."""
    with schema_context(run.schema_name):
        if run.name == "roblox.deploy":
            deployment = Deployment.objects.filter(pk=run.arguments["deployment_id"]).first()
            if deployment is not None:
                deployments.fail(deployment=deployment, problem=run.problem or {})
        elif run.name == "roblox.scan_release":
            release = Release.objects.filter(
                pk=run.arguments["release_id"], state=Release.State.SCANNING
            ).first()
            if release is not None:
                releases.fail_scan(release=release, problem=run.problem or {})


def show_deployment(deployment: Deployment, **_: Any) -> None:
    step = deployment.steps.exclude(state="pending").order_by("-position").first()
    publisher.publish(
        DeploymentChanged(
            schema_name=connection.schema_name,
            id=deployment.pk,
            state=deployment.state,
            step=step.name if step else None,
            step_state=step.state if step else None,
            message=step.detail if step else "",
        )
    )


def show_release(release: Release, **_: Any) -> None:
    publisher.publish(
        ReleaseChanged(
            schema_name=connection.schema_name,
            id=release.pk,
            state=release.state,
            number=release.version,
        )
    )


def note_experience(instance: Experience, *, created: bool, **_: Any) -> None:
    """A new workspace's first step is done, whoever did it in whatever way."""
    if created:
        onboarding.complete(
            schema_name=connection.schema_name,
            step=FIRST_EXPERIENCE.name,
            by=instance.created_by_label,
        )
