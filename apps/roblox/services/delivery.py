"""Carrying out a deployment, step by step, so that it can be resumed and never publishes twice.

Each finished step is remembered, so a run after a crash goes on where the last one stopped.
Publishing is the one step that Roblox does not undo or deduplicate. Before the upload is sent,
`sent_at` and the place's newest version (`baseline`) are committed. A run that finds `sent_at`
without an outcome asks Roblox for the newest version: one above the baseline means that the
upload arrived; none, `SETTLE_SECONDS` after it was found interrupted, that it did not. A worker
that has lost its lease stops its own upload (`WhileLeased`), so none can arrive after that.
Roblox does not say whose a version is: one published by somebody else in just that time, where
the upload was lost, is taken for the upload; the step's text says that it was found.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.utils import timezone

from apps.core.errors import VendorError
from apps.jobs.models import JobRun
from apps.jobs.services import leases, runs
from apps.media.services import blobs
from apps.roblox import signals
from apps.roblox.errors import DeploymentEnded, OutcomeUnclear
from apps.roblox.models import Deployment, DeploymentStep, Release
from apps.roblox.open_cloud_api import Format, OpenCloud, OutcomeUnknown
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.access import require_writable

SETTLE_SECONDS = 20
ASK_AGAIN_SECONDS = 5.0
DONE = (DeploymentStep.State.SUCCEEDED, DeploymentStep.State.SKIPPED)
BEST_EFFORT = ("confirm", "restart")


class Skipped(Exception):
    """The step has nothing to do, or cannot do it; its text tells people why."""


class WhileLeased(io.BytesIO):
    """Content that ends with `Outrun` when the worker that sends it has lost its lease."""

    def read(self, size: int | None = -1, /) -> bytes:
        leases.require_held()
        return super().read(size)


@dataclass(frozen=True)
class Delivery:
    deployment: Deployment
    step: DeploymentStep
    run: JobRun

    @property
    def release(self) -> Release:
        return self.deployment.release

    @property
    def cloud(self) -> OpenCloud:
        return OpenCloud(self.deployment.environment.api_key)

    @property
    def universe_id(self) -> int:
        return self.deployment.environment.experience.universe_id

    @property
    def place_id(self) -> int:
        return int(self.deployment.environment.place_id or 0)

    def grants(self, scope: str) -> bool:
        return scope in self.deployment.environment.key_scopes


def carry_out(*, deployment_id: str, run: JobRun) -> Deployment:
    """Do what is not done yet. Raises what stopped it: a `VendorError` that is not permanent
    wants another run later, anything else ends the deployment (`deployments.fail`), as does a
    workspace that is suspended, read-only or closed by now.
    """
    deployment = deployments.find(deployment_id=deployment_id)
    if deployment.state == Deployment.State.FAILED:  # its job is run again by an operator
        raise DeploymentEnded
    if not deployment.is_open:
        return deployment
    if deployment.state == Deployment.State.QUEUED:
        require_writable()  # what was sent already is brought to its end
    _begin(deployment)
    steps = list(deployment.steps.all())
    for number, step in enumerate(steps):
        if step.state not in DONE:
            _take(Delivery(deployment, step, run))
        runs.report(run=run, progress=100 * (number + 1) // len(steps), message=step.title)
    deployments.succeed(deployment=deployment)
    return deployment


def _begin(deployment: Deployment) -> None:
    if deployment.state == Deployment.State.QUEUED:
        deployment.state = Deployment.State.RUNNING
        deployment.started_at = timezone.now()
        _save(deployment, "state", "started_at")


def _take(delivery: Delivery) -> None:
    step = delivery.step
    _mark(delivery, DeploymentStep.State.RUNNING, started_at=step.started_at or timezone.now())
    try:
        detail = ACTIONS[step.name](delivery)
    except Skipped as reason:
        _mark(delivery, DeploymentStep.State.SKIPPED, str(reason), finished_at=timezone.now())
    except VendorError as error:
        if step.name in BEST_EFFORT and (error.permanent or _is_last(delivery.run)):
            _mark(delivery, DeploymentStep.State.SKIPPED, error.detail, finished_at=timezone.now())
            return
        if not error.permanent:
            _mark(delivery, DeploymentStep.State.RUNNING, error.detail)
        raise
    else:
        _mark(delivery, DeploymentStep.State.SUCCEEDED, detail, finished_at=timezone.now())


def _is_last(run: JobRun) -> bool:
    return run.attempts >= run.max_attempts


def check_key(delivery: Delivery) -> str:
    environment = experiences.check_key(environment=delivery.deployment.environment)
    scopes = ", ".join(environment.key_scopes)
    return f"Key …{environment.key_hint} may do: {scopes}"


def verify_file(delivery: Delivery) -> str:
    release = delivery.release
    release.refresh_from_db(fields=["state"])
    releases.require_deployable(release)
    content = blobs.read(blob=release.artifact.blob)
    artifact = release.artifact
    return f"{artifact.filename}, {len(content):,} bytes, SHA-256 {artifact.sha256[:12]}…"


def publish(delivery: Delivery) -> str:
    """Upload the stored artifact as Published, unless an earlier run of this deployment did."""
    if delivery.step.data.get("sent_at"):
        version = _settle(delivery)
        if version is not None:
            return _published(delivery, version, " (found on Roblox after an interruption)")
        _forget_sending(delivery)
    artifact = delivery.release.artifact
    content = blobs.read(blob=artifact.blob)
    require_writable()  # once more: nothing is sent for a workspace whose work has to rest by now
    _note_sending(delivery)
    try:
        version = delivery.cloud.publish_place(
            delivery.universe_id,
            delivery.place_id,
            WhileLeased(content),
            cast("Format", artifact.format),
        )
    except OutcomeUnknown:
        _note_lost(delivery)
        raise
    except VendorError:
        _forget_sending(delivery)
        raise
    return _published(delivery, version)


def confirm(delivery: Delivery) -> str:
    if not delivery.grants(experiences.VERSIONS_SCOPE):
        raise Skipped("The key lacks asset:read, so Roblox's version list could not be read.")
    latest = delivery.cloud.latest_version(delivery.place_id)
    ours = delivery.deployment.roblox_version or 0
    if latest > ours:
        raise Skipped(
            f"Version {ours} is published; someone has saved or published {latest} since."
        )
    return f"Roblox lists version {latest} as the newest"


def restart(delivery: Delivery) -> str:
    if not delivery.grants(experiences.RESTART_SCOPE):
        raise Skipped(
            "The key lacks universe:write, so servers that run now keep the version they have "
            "until they empty."
        )
    delivery.cloud.restart_servers(delivery.universe_id, place_ids=[delivery.place_id])
    return "Running servers were asked to move to the new version"


ACTIONS: dict[str, Callable[[Delivery], str]] = {
    "check": check_key,
    "verify": verify_file,
    "publish": publish,
    "confirm": confirm,
    "restart": restart,
}


def _settle(delivery: Delivery) -> int | None:
    """The version an interrupted upload became, or None when it surely did not arrive.

    Raises `OutcomeUnclear` when that cannot be told, `OutcomeUnknown` to ask again soon.
    """
    baseline = delivery.step.data.get("baseline")
    if baseline is None:
        raise OutcomeUnclear(
            "The upload was interrupted, and the key lacks asset:read, so Roblox cannot be asked "
            "whether it arrived. Look at the place's version history there, then deploy again."
        )
    newer = [v for v in delivery.cloud.asset_versions(delivery.place_id) if v.number > baseline]
    if len(newer) == 1 and newer[0].is_published is not False:
        return newer[0].number
    if newer:
        raise OutcomeUnclear(
            f"The upload was interrupted, and the place has {len(newer)} new versions since "
            f"version {baseline}. Look at its version history on Roblox, then deploy again."
        )
    lost_at = _note_lost(delivery)
    if timezone.now() < lost_at + timedelta(seconds=SETTLE_SECONDS):
        raise OutcomeUnknown(
            "The upload was interrupted; waiting to see whether it arrived.",
            retry_after=ASK_AGAIN_SECONDS,
        )
    return None


def _note_sending(delivery: Delivery) -> None:
    can_list = delivery.grants(experiences.VERSIONS_SCOPE)
    baseline = delivery.cloud.latest_version(delivery.place_id) if can_list else None
    data = {"sent_at": timezone.now().isoformat(), "baseline": baseline}
    noted = DeploymentStep.objects.filter(pk=delivery.step.pk, data__sent_at__isnull=True).update(
        data=data
    )
    if not noted or not runs.beat(run=delivery.run):
        # Another worker took this deployment over while this one was stalled.
        raise OutcomeUnknown("Another worker is at this deployment.", retry_after=ASK_AGAIN_SECONDS)
    delivery.step.data = data


def _note_lost(delivery: Delivery) -> datetime:
    """When the upload was first found to have no answer."""
    step = delivery.step
    if "lost_at" not in step.data:
        step.data["lost_at"] = timezone.now().isoformat()
        step.save(update_fields=["data"])
    return datetime.fromisoformat(step.data["lost_at"])


def _forget_sending(delivery: Delivery) -> None:
    delivery.step.data = {}
    delivery.step.save(update_fields=["data"])


def _published(delivery: Delivery, version: int, remark: str = "") -> str:
    delivery.deployment.roblox_version = version
    _save(delivery.deployment, "roblox_version")
    return f"Version {version} is published{remark}"


def _mark(delivery: Delivery, state: str, detail: str = "", **times: datetime) -> None:
    step = delivery.step
    step.state, step.detail = state, detail[:400]
    for name, value in times.items():
        setattr(step, name, value)
    with transaction.atomic():
        step.save(update_fields=["state", "detail", *times])
        signals.deployment_changed.send(sender=Deployment, deployment=delivery.deployment)


def _save(deployment: Deployment, *fields: str) -> None:
    with transaction.atomic():
        deployment.save(update_fields=fields)
        signals.deployment_changed.send(sender=Deployment, deployment=deployment)
