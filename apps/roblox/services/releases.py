"""Releases: uploaded, scanned, ready or blocked, withdrawn."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Conflict, Invalid, NotFound
from apps.jobs.services import workflows
from apps.media.models import Blob
from apps.media.services import virus_scans
from apps.roblox import signals
from apps.roblox.errors import ReleaseNotDeployable, VersionTaken
from apps.roblox.models import Artifact, Environment, Experience, Finding, Release
from apps.roblox.models.releases import SEMVER
from apps.roblox.open_cloud_api import LARGEST_PLACE
from apps.roblox.scan import Finding as Found
from apps.roblox.scan import Severity, blocks_release, scan
from apps.roblox.services import artifacts, experiences
from apps.tenants.access import require

SEVERITIES = ("critical", "high", "medium", "low", "info")
MAX_NOTES = 5000


def create(
    *,
    experience: Experience,
    version: str,
    content: bytes,
    filename: str,
    by: Any,
    notes: str = "",
    stage: bool = False,
) -> Release:
    """Read the file, keep it, and have its scripts scanned in a job. With `stage` a chain deploys
    it to staging when the scan does not block it; raises `EnvironmentNotReady` beforehand.

    Raises `Invalid` for a version that is not semantic (https://semver.org), `VersionTaken`,
    and `FileRefused` for a file that cannot be read as what its name says.
    """
    require("releases.create", by=by)
    if stage:
        require("deployments.stage", by=by)
        experiences.require_ready(_staging(experience))
    require_size(len(content))
    major, minor, patch = _parse_version(version)
    if len(notes) > MAX_NOTES:
        raise Invalid(errors={"notes": [f"Use {MAX_NOTES} characters at most."]})
    if experience.releases.filter(version=version).exists():
        raise _taken(experience, version)
    artifact = artifacts.store(content=content, filename=filename)
    if artifact.kind != "place":
        raise Invalid(
            errors={"file": ["This is a model. A release needs a place (.rbxl or .rbxlx)."]}
        )
    try:
        with transaction.atomic():
            release = Release.objects.create(
                experience=experience, version=version, major=major, minor=minor, patch=patch,
                artifact=artifact, notes=notes, created_by_id=getattr(by, "pk", None),
                created_by_label=label_of(by),
            )  # fmt: skip
            audit.record(
                action="release.created", by=by, target=release, data={"sha256": artifact.sha256}
            )
            _begin_scan(release, stage=stage, by=by)
    except IntegrityError as error:
        raise _taken(experience, version) from error
    return release


def examine(*, release: Release) -> Release:
    """Scan for viruses and every script, and decide: a critical finding blocks. A second run
    replaces the first's findings. Raises a `VendorError` while there is no virus scan to be had.
    """
    findings = _look(release.artifact)
    with transaction.atomic():
        _lock(release)
        release.findings.all().delete()
        Finding.objects.bulk_create(_as_row(release, found) for found in findings)
        if release.state != Release.State.WITHDRAWN:
            blocked = blocks_release(findings)
            release.state = Release.State.BLOCKED if blocked else Release.State.READY
        release.scanned_at = timezone.now()
        release.save(update_fields=["state", "scanned_at"])
        audit.record(
            action="release.scanned", by=None, target=release,
            data={
                "state": release.state, "findings": len(findings),
                "virus_scan": release.artifact.blob.scan_state,
            },
        )  # fmt: skip
        signals.release_changed.send(sender=Release, release=release)
    return release


def fail_scan(*, release: Release, problem: dict[str, Any]) -> None:
    """Block a release whose scan could not be finished: what was not looked at is not released."""
    with transaction.atomic():
        _lock(release)
        if release.state != Release.State.SCANNING:
            return
        Finding.objects.create(
            release=release, rule="scan_failed", severity="critical", rank=0, path="",
            message=f"The scan could not be finished: {problem.get('detail', '')}",
        )  # fmt: skip
        release.state = Release.State.BLOCKED
        release.save(update_fields=["state"])
        audit.record(action="release.scan_failed", by=None, target=release)
        signals.release_changed.send(sender=Release, release=release)


def withdraw(*, release: Release, by: Any) -> Release:
    """Take a release out of use; what it runs on stays as it is. Raises `Conflict` while live,
    or on its way there.
    """
    require("releases.withdraw", by=by)
    with transaction.atomic():
        _lock(release)
        if release.deployments.open().exists():
            raise Conflict(f"{release.version} is being deployed; wait until that has ended.")
        for environment in release.experience.environments.all():
            live = environment.live_deployment
            if live is not None and live.release_id == release.pk:
                raise Conflict(
                    f"{release.version} is live on {environment.kind}; deploy another one first."
                )
        release.state = Release.State.WITHDRAWN
        release.save(update_fields=["state"])
        audit.record(action="release.withdrawn", by=by, target=release)
        signals.release_changed.send(sender=Release, release=release)
    return release


def require_size(size: int) -> None:
    """Raises `Invalid` for a file of more bytes than Roblox takes; asked before it is read, too."""
    if size > LARGEST_PLACE:
        text = f"The file has {size / 1024 / 1024:.0f} MB; Roblox takes 100 MB at most."
        raise Invalid(errors={"file": [text]})


def require_deployable(release: Release) -> None:
    """Raises `ReleaseNotDeployable` with what to do."""
    reasons = {
        Release.State.SCANNING: "Its scripts are still being scanned; try again in a moment.",
        Release.State.BLOCKED: "The scan found something critical; upload a version without it.",
        Release.State.WITHDRAWN: "It was withdrawn.",
    }
    if not release.is_deployable:
        raise ReleaseNotDeployable(
            f"{release.version} cannot be deployed. {reasons[Release.State(release.state)]}"
        )


def find(*, experience: Experience, version: str) -> Release:
    known = experience.releases.select_related("experience", "artifact__blob")
    release = known.filter(version=version).first() if SEMVER.match(version) else None
    if release is None:
        raise NotFound(f"{experience} has no release {version}.")
    return release


def get(*, release_id: str) -> Release:
    release = Release.objects.select_related("experience").filter(pk=release_id).first()
    if release is None:
        raise NotFound("There is no such release here.")
    return release


def _staging(experience: Experience) -> Environment:
    return experiences.find_environment(experience=experience, kind="staging")


def _begin_scan(release: Release, *, stage: bool, by: Any) -> None:
    from apps.roblox.tasks import scan_release, stage_release

    key = str(release.pk)
    if not stage:
        scan_release.enqueue(by=by, release_id=key)
        return
    lane = _staging(release.experience).lane
    workflows.chain(
        name="roblox.scan_and_stage",
        title=f"Scan {release.version} and deploy it to staging",
        members=[scan_release.s(release_id=key), stage_release.s(release_id=key, lane=lane)],
        by=by,
        idempotency=key,
    )


def _lock(release: Release) -> None:
    """Read the state as it is now and keep others from changing it, or from starting a
    deployment, until commit.
    """
    release.refresh_from_db(fields=["state"], from_queryset=Release.objects.select_for_update())


def _look(artifact: Artifact) -> list[Found]:
    blob = virus_scans.examine(blob=artifact.blob)
    if blob.scan_state == Blob.ScanState.INFECTED:
        return [_virus(artifact, blob.scan_detail)]
    return scan(artifacts.load(artifact=artifact))


def _virus(artifact: Artifact, signature: str) -> Found:
    """The one finding of an infected file: its scripts are not looked at."""
    return Found(
        rule="virus", severity=Severity.CRITICAL, path=artifact.filename, line=0, column=0,
        message=(
            f"The virus scan found {signature} in this file, so it is neither deployed nor handed "
            "out. Check the computer it comes from for viruses, save the place again in Studio, "
            "and upload it as a new version."
        ),
    )  # fmt: skip


def _parse_version(version: str) -> tuple[int, int, int]:
    match = SEMVER.match(version)
    if match is None or len(version) > 60:  # noqa: PLR2004 -- the column's width
        raise Invalid(
            errors={"version": ["Write a semantic version such as 1.4.0 or 2.0.0-beta.1."]}
        )
    return int(match[1]), int(match[2]), int(match[3])


def _taken(experience: Experience, version: str) -> VersionTaken:
    return VersionTaken(f"{experience} has a release {version} already; choose a higher version.")


def _as_row(release: Release, found: Any) -> Finding:
    return Finding(
        release=release,
        rule=found.rule,
        severity=found.severity,
        rank=SEVERITIES.index(found.severity),
        path=found.path.replace("\x00", "\ufffd")[:1000],
        line=found.line,
        column=found.column,
        message=found.message.replace("\x00", "\ufffd"),
        excerpt=found.excerpt.replace("\x00", "\ufffd"),
    )
