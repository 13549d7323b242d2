"""Several experiences to staging at once: a group of jobs under a parent that shows them as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Prefetch

from apps.core.errors import Conflict, Invalid, NotFound
from apps.jobs.models import JobRun
from apps.jobs.services import workflows
from apps.roblox.errors import StagingRefused
from apps.roblox.models import Deployment, Environment, Experience, Release
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.access import require
from apps.usage.plans import STAGINGS
from apps.usage.services import entitlements

NAME = "roblox.stage_together"  # the parent's
MOST = 50
MOST_RELEASES = 20


@dataclass(frozen=True)
class Candidate:
    """An experience, and what could go to its staging: `releases`, the highest version first."""

    experience: Experience
    staging: Environment
    releases: list[Release]
    is_taken: bool

    @property
    def is_offered(self) -> bool:
        return self.staging.is_ready and not self.is_taken and bool(self.releases)

    @property
    def is_newer(self) -> bool:
        """Whether the highest offered is above what staging runs."""
        live = self.staging.live_deployment
        if not self.is_offered or live is None:
            return self.is_offered
        return self.releases[0].precedence > live.release.precedence


def candidates() -> list[Candidate]:
    """Every experience of the workspace, those that can go to staging now first."""
    ready = Release.objects.filter(state=Release.State.READY).newest_version_first()
    staging = Environment.objects.with_live().filter(kind=Environment.Kind.STAGING)
    rows = Experience.objects.prefetch_related(
        Prefetch("environments", staging.select_related("experience"), to_attr="stagings"),
        Prefetch("releases", ready[:MOST_RELEASES], to_attr="ready_releases"),
    )
    taken = set(Deployment.objects.open().values_list("environment", flat=True))
    found = [_candidate(experience, taken) for experience in rows]
    return sorted(found, key=lambda one: not one.is_offered)


def begin(*, choices: Mapping[str, str], by: Any) -> JobRun:
    """Deploy to staging of each experience, named by its slug, the chosen version. Returns the
    parent of their jobs; each has a deployment, and one that fails does not stop the others.

    All of them are begun or none: raises `StagingRefused`, which says why of each that cannot be,
    `Invalid` for none or more than `MOST`, and what the plan has to say (`UpgradeNeeded`,
    `LimitReached`).
    """
    require("deployments.stage", by=by)
    entitlements.require(STAGINGS)
    if not 0 < len(choices) <= MOST:
        raise Invalid(errors={"releases": [f"Choose at least one and at most {MOST}."]})
    refused: dict[str, str] = {}
    with transaction.atomic():
        chosen = _find(choices, refused)
        _refuse(refused)
        parent = _group(chosen, by)
        for member in parent.family:
            release = chosen[member.arguments["release_id"]]
            try:
                with transaction.atomic():
                    deployments.stage(release=release, by=by, run=member)
            except Conflict as refusal:
                refused[release.experience.slug] = refusal.detail
        _refuse(refused)
    return parent


def deployments_of(parent: JobRun) -> list[Deployment]:
    """The newest of each member, in their order."""
    order = {pk: n for n, pk in enumerate(parent.family.values_list("pk", flat=True))}
    rows = deployments.history().filter(run_id__in=order).order_by("created_at")
    newest = {row.run_id: row for row in rows}
    return sorted(newest.values(), key=lambda row: order[row.run_id])


def _candidate(experience: Any, taken: set[Any]) -> Candidate:
    (staging,) = experience.stagings
    live = staging.live_deployment
    offered = [r for r in experience.ready_releases if live is None or r.pk != live.release_id]
    return Candidate(experience, staging, offered, is_taken=staging.pk in taken)


def _find(choices: Mapping[str, str], refused: dict[str, str]) -> dict[str, Release]:
    found: dict[str, Release] = {}
    for slug, version in choices.items():
        try:
            release = releases.find(experience=experiences.find(slug=slug), version=version)
        except NotFound as missing:
            refused[slug] = missing.detail
        else:
            found[str(release.pk)] = release
    return found


def _group(chosen: Mapping[str, Release], by: Any) -> JobRun:
    from apps.roblox.tasks import stage_release

    count = len(chosen)
    members = [
        stage_release.s(
            release_id=pk,
            lane=experiences.find_environment(experience=r.experience, kind="staging").lane,
            label=f"{r.experience.name} {r.version} to staging",
        )
        for pk, r in chosen.items()
    ]
    title = f"Deploy {count} places to staging" if count > 1 else "Deploy a place to staging"
    return workflows.group(name=NAME, title=title, members=members, by=by)


def _refuse(refused: Mapping[str, str]) -> None:
    if not refused:
        return
    names = ", ".join(list(refused)[:5])
    text = f"Leave out or mend what cannot go to staging now: {names}."
    raise StagingRefused(text, refused=dict(refused))
