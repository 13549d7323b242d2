"""What this floor hears: jobs that ended below, and its own changes for the live pages."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.core.database import connection
from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed, together_ended
from apps.mail.services import messages
from apps.realtime import publisher
from apps.realtime.events import DeploymentChanged, ReleaseChanged
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import deployments, releases, stagings
from apps.roblox.signals import deployment_changed, release_changed
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Tenant
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


OUTCOMES: dict[str, str] = {
    Deployment.State.SUCCEEDED: "mail/release_deployed",
    Deployment.State.FAILED: "mail/release_failed",
}


def connect() -> None:
    job_failed.connect(end_work, sender=JobRun, dispatch_uid="roblox-job-failed")
    deployment_changed.connect(show_deployment, sender=Deployment, dispatch_uid="roblox-live-d")
    deployment_changed.connect(
        tell_who_deployed, sender=Deployment, dispatch_uid="roblox-mail-deployment"
    )
    together_ended.connect(tell_of_staging, sender=JobRun, dispatch_uid="roblox-mail-staging")
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
        elif run.name == "roblox.stage_release":
            begun = Deployment.objects.open().filter(run_id=run.pk).first()
            if begun is not None:
                deployments.fail(deployment=begun, problem=run.problem or {})
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


def tell_who_deployed(deployment: Deployment, **_: Any) -> None:
    """Once it is over, whoever started it gets a mail, unless they declined such. Of one that goes
    together with others `tell_of_staging` tells.
    """
    template = OUTCOMES.get(deployment.state)
    person = _reachable(deployment.started_by_id) if template else None
    if template is None or person is None or _goes_with_others(deployment):
        return
    tenant = Tenant.objects.get(schema_name=connection.schema_name)
    environment = deployment.environment
    context = {
        "tenant": tenant, "experience": environment.experience.name, "by": person,
        "version": deployment.release.version, "environment": environment.kind,
        "url": f"{tenant.url}{deployment.get_absolute_url()}",
        "roblox_version": deployment.roblox_version, "finished_at": deployment.finished_at,
        "problem": (deployment.error or {}).get("detail", ""),
    }  # fmt: skip
    with in_the_words_of(tenant):
        messages.send(
            template=template, to=person.email, context=context, schema_name=tenant.schema_name,
            idempotency_key=f"deployment:{deployment.pk}:{deployment.state}",
        )  # fmt: skip


def tell_of_staging(run: JobRun, **_: Any) -> None:
    """One mail for all that went to staging together; another when they are tried again."""
    person = _reachable(run.actor_id) if run.name == stagings.NAME else None
    if person is None:
        return
    with schema_context(run.schema_name):
        rows = stagings.deployments_of(run)
    tenant = Tenant.objects.get(schema_name=run.schema_name)
    places = [
        {
            "name": f"{row.release.experience.name} {row.release.version}",
            "problem": str((row.error or {}).get("detail", "")),
        }
        for row in rows
    ]
    context = {
        "tenant": tenant, "by": person, "url": f"{tenant.url}/jobs/{run.pk}/", "places": places,
        "count": len(places), "failed": sum(bool(place["problem"]) for place in places),
    }  # fmt: skip
    with in_the_words_of(tenant):
        messages.send(
            template="mail/releases_staged", to=person.email, context=context,
            schema_name=tenant.schema_name,
            idempotency_key=f"staging:{run.pk}:{run.finished_at:%Y%m%d%H%M%S%f}",
        )  # fmt: skip


def _reachable(person_id: Any) -> User | None:
    person = User.objects.filter(pk=person_id, is_active=True).first() if person_id else None
    return person if person is not None and person.is_reachable else None


def _goes_with_others(deployment: Deployment) -> bool:
    if deployment.run_id is None:
        return False
    return JobRun.objects.filter(pk=deployment.run_id, parent__name=stagings.NAME).exists()


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
