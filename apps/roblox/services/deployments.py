"""Wanting a deployment: deploy, promote, roll back. `delivery` carries it out."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.database import connection
from apps.core.errors import DomainError, NotFound
from apps.jobs.models import JobRun
from apps.jobs.services.outcomes import Stopped
from apps.roblox import signals
from apps.roblox.errors import (
    DeploymentRunning,
    NothingToRollBackTo,
    NotOnStaging,
)
from apps.roblox.models import Deployment, DeploymentStep, Environment, Experience, Release
from apps.roblox.services import experiences, releases
from apps.tenants.access import require
from apps.usage.plans import DEPLOYMENTS
from apps.usage.services import limits, usage

STEPS = (
    ("check", "Check the key"),
    ("verify", "Check the file"),
    ("publish", "Publish to Roblox"),
    ("confirm", "Confirm the live version"),
    ("restart", "Restart servers"),
)


def stage(*, release: Release, by: Any, run: JobRun | None = None) -> Deployment:
    """Deploy a ready release to staging, in a job of its own unless `run` carries it out. Raises
    the errors of `_start`.
    """
    require("deployments.stage", by=by)
    environment = experiences.find_environment(experience=release.experience, kind="staging")
    return _start(release, environment, Deployment.Kind.DEPLOY, by, run)


def stage_within(*, release: Release, by: Any, run: JobRun) -> Deployment:
    """What `stage` begins, for the job of a chain or group that carries the deployment out itself:
    the one that was begun for it already, or a new one. Raises `Stopped` when the scan has blocked
    the release, or staging is taken by now. The permission was asked for with the chain or group.
    """
    begun = Deployment.objects.filter(run_id=run.pk).exclude(state=Deployment.State.FAILED)
    deployment = begun.first()
    if deployment is not None:
        return deployment
    environment = experiences.find_environment(experience=release.experience, kind="staging")
    try:
        with transaction.atomic():
            if by is None and run.actor_id is not None:  # an API key's, which counts
                limits.require(DEPLOYMENTS)
            return _start(release, environment, Deployment.Kind.DEPLOY, by, run)
    except DomainError as refusal:
        raise Stopped(refusal.detail) from refusal


def promote(*, release: Release, by: Any) -> Deployment:
    """Deploy to production the very artifact that staging runs. Raises `NotOnStaging`."""
    require("deployments.promote", by=by)
    staging = experiences.find_environment(experience=release.experience, kind="staging")
    live = staging.live_deployment
    if live is None or live.release_id != release.pk:
        running = f"it runs {live.release.version}" if live else "nothing is deployed there yet"
        raise NotOnStaging(f"Deploy {release.version} to staging first and look at it: {running}.")
    production = experiences.find_environment(experience=release.experience, kind="production")
    return _start(release, production, Deployment.Kind.PROMOTE, by)


def roll_back(*, environment: Environment, by: Any, to: Release | None = None) -> Deployment:
    """Publish again an earlier release that ran here: the given one, else the one before the
    present. Raises `NothingToRollBackTo`.
    """
    require("deployments.rollback", by=by)
    candidates = rollback_targets(environment=environment)
    if to is None and candidates:
        to = candidates[0]
    if to is None or to not in candidates:
        raise NothingToRollBackTo(
            f"{to.version} never ran on {environment.kind}, or runs there now."
            if to
            else f"Nothing else has run on {environment.kind} yet."
        )
    return _start(to, environment, Deployment.Kind.ROLLBACK, by)


def rollback_targets(*, environment: Environment) -> list[Release]:
    """Ready releases that ran here before the present one, the latest first, each once."""
    live = environment.live_deployment
    earlier = (
        environment.deployments.filter(state=Deployment.State.SUCCEEDED)
        .filter(release__state=Release.State.READY)
        .select_related("release__experience")
        .order_by("-finished_at")
    )
    found = {d.release_id: d.release for d in earlier}
    if live is not None:
        found.pop(live.release_id, None)
    return list(found.values())


def stageable(*, environment: Environment) -> list[Release]:
    """Ready releases that this environment does not run, the highest version first."""
    live = environment.live_deployment
    ready = environment.experience.releases.filter(state=Release.State.READY)
    rows = ready.select_related("artifact").defer("artifact__tree").newest_version_first()
    return [r for r in rows[:50] if live is None or r.pk != live.release_id]


def promotable(*, experience: Experience) -> list[Release]:
    """What staging runs and production does not: one release or none."""
    live = {e.kind: e.live_deployment for e in experience.environments.with_live()}
    staging, production = live["staging"], live["production"]
    if staging is None or not staging.release.is_deployable:
        return []
    same = production is not None and production.release_id == staging.release_id
    return [] if same else [staging.release]


def succeed(*, deployment: Deployment) -> None:
    """End an open deployment whose version is published."""
    _end(deployment, Deployment.State.SUCCEEDED)


def fail(*, deployment: Deployment, problem: dict[str, Any]) -> None:
    """End an open deployment with what went wrong.

    Once the version is published it is live, whatever failed afterwards: then the deployment
    has succeeded, and the steps that were not done say why.
    """
    if deployment.roblox_version is not None:
        deployment.steps.exclude(state__in=("succeeded", "skipped")).update(
            state=DeploymentStep.State.SKIPPED,
            detail=str(problem.get("detail", ""))[:400],
            finished_at=timezone.now(),
        )
        _end(deployment, Deployment.State.SUCCEEDED)
    else:
        _end(deployment, Deployment.State.FAILED, error=problem)


def _end(deployment: Deployment, state: str, error: dict[str, Any] | None = None) -> None:
    with transaction.atomic():
        now = timezone.now()
        ended = Deployment.objects.open().filter(pk=deployment.pk).update(
            state=state, error=error, finished_at=now
        )  # fmt: skip
        if not ended:
            return
        deployment.refresh_from_db(fields=["state", "error", "finished_at"])
        deployment.steps.filter(state=DeploymentStep.State.RUNNING).update(
            state=DeploymentStep.State.FAILED,
            detail=str((error or {}).get("detail", ""))[:400],
            finished_at=now,
        )
        audit.record(
            action=f"deployment.{state}", by=None, target=deployment,
            data={"version": deployment.roblox_version, "code": (error or {}).get("code")},
        )  # fmt: skip
        signals.deployment_changed.send(sender=Deployment, deployment=deployment)


def find(*, deployment_id: str) -> Deployment:
    deployment = (
        Deployment.objects.select_related("release__experience", "environment__experience")
        .prefetch_related("steps")
        .filter(pk=deployment_id)
        .first()
    )
    if deployment is None:
        raise NotFound("There is no such deployment in this workspace.")
    return deployment


def history(*, experience: Experience | None = None) -> Any:
    """Deployments newest first, ready to list."""
    rows = Deployment.objects.select_related("release__experience", "environment__experience")
    return rows.filter(environment__experience=experience) if experience else rows


def _start(
    release: Release, environment: Environment, kind: str, by: Any, run: JobRun | None = None
) -> Deployment:
    """In a job of its own, unless `run` is the one that carries it out."""
    releases.require_deployable(release)
    experiences.require_ready(environment)
    from apps.roblox.tasks import deploy

    try:
        with transaction.atomic():
            if by is not None:  # what the product does by itself counts, and is never refused
                limits.require(DEPLOYMENTS)
            usage.count(schema_name=connection.schema_name, metric=DEPLOYMENTS)
            deployment = Deployment.objects.create(
                release=release, environment=environment, kind=kind,
                started_by_id=getattr(by, "pk", None),
                started_by_label=label_of(by),
            )  # fmt: skip
            DeploymentStep.objects.bulk_create(
                DeploymentStep(deployment=deployment, position=n, name=name, title=title)
                for n, (name, title) in enumerate(STEPS)
            )
            if run is None:
                run = deploy.enqueue(by=by, deployment_id=str(deployment.pk), lane=environment.lane)
            deployment.run_id = run.pk
            deployment.save(update_fields=["run_id"])
            audit.record(
                action=f"deployment.{kind}_started", by=by, target=deployment,
                data={"environment": environment.kind, "release": release.version},
            )  # fmt: skip
            signals.deployment_changed.send(sender=Deployment, deployment=deployment)
    except IntegrityError as error:
        raise DeploymentRunning(
            f"Wait until the present deployment to {environment.kind} has ended."
        ) from error
    return deployment
