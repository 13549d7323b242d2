"""What events say, one shape each, made from the audit entry of the deed and the row it is about.

A change that would break a receiver raises the event's version in the catalogue.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.audit.models import AuditEntry
from apps.jobs.models import JobRun
from apps.roblox.models import Deployment, Experience, Release

MOST_MEMBERS = 20


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExperienceData(Shape):
    id: UUID
    slug: str
    name: str
    universe_id: int


class ReleaseData(Shape):
    id: UUID
    experience: str = Field(description="the experience's slug")
    version: str
    state: str = Field(description="scanning, ready, blocked or withdrawn")
    findings: int | None = Field(default=None, description="what the scan found, once it has run")


class Problem(Shape):
    code: str
    detail: str


class JobMember(Shape):
    id: UUID
    task: str
    title: str
    problem: Problem


class JobData(Shape):
    id: UUID
    task: str
    title: str
    state: str
    attempts: int
    requested_by: str = Field(description="empty: the system")
    problem: Problem
    members: list[JobMember] = Field(
        default=[], description=f"of a chain or group what failed in it, at most {MOST_MEMBERS}"
    )


class DeploymentData(Shape):
    id: UUID
    experience: str = Field(description="the experience's slug")
    environment: str = Field(description="staging or production")
    release: str = Field(description="the release's version")
    kind: str = Field(description="deploy, promote or rollback")
    state: str
    roblox_version: int | None = Field(description="the place's version at Roblox, once published")
    problem: Problem | None = Field(default=None, description="why it failed")


class MemberData(Shape):
    member: str = Field(description="e-mail or name")
    role: str | None = None
    former_role: str | None = None


class InvitationData(Shape):
    id: str
    to: str = Field(description="the invited address, or the link's name")
    role: str | None = None


class ApiKeyData(Shape):
    id: str
    name: str = Field(description="with the beginning of the key, never the key")
    scopes: list[str] | None = None


class ClassData(Shape):
    id: UUID
    name: str


class ExportData(Shape):
    id: str
    sha256: str
    rows: int


class LimitData(Shape):
    limit: str
    percent: int = Field(description="80, 95 or 100")
    used: int
    most: int


class WorkspaceData(Shape):
    name: str
    reason: str | None = None


class AddressData(Shape):
    before: str
    after: str


class SettingsData(Shape):
    settings: list[str] = Field(description="names of the settings that changed")


class DomainData(Shape):
    domain: str


class TestData(Shape):
    message: str
    sent_by: str
    at: datetime


def experience(_entry: AuditEntry, target: Any) -> ExperienceData:
    row: Experience = target
    return ExperienceData(id=row.pk, slug=row.slug, name=row.name, universe_id=row.universe_id)


def release(entry: AuditEntry, target: Any) -> ReleaseData:
    row: Release = target
    return ReleaseData(
        id=row.pk, experience=row.experience.slug, version=row.version, state=row.state,
        findings=entry.data.get("findings"),
    )  # fmt: skip


def deployment(_entry: AuditEntry, target: Any) -> DeploymentData:
    row: Deployment = target
    problem = row.error and Problem(
        code=str(row.error.get("code", "")), detail=str(row.error.get("detail", ""))
    )
    return DeploymentData(
        id=row.pk, experience=row.release.experience.slug, environment=row.environment.kind,
        release=row.release.version, kind=row.kind, state=row.state,
        roblox_version=row.roblox_version, problem=problem or None,
    )  # fmt: skip


def job(_entry: AuditEntry | None, target: Any) -> JobData:
    run: JobRun = target
    failed = run.family.filter(state=JobRun.State.FAILED)[:MOST_MEMBERS] if run.kind else ()
    return JobData(
        id=run.pk, task=run.name, title=run.title, state=run.state, attempts=run.attempts,
        requested_by=run.requested_by, problem=_problem(run),
        members=[
            JobMember(id=one.pk, task=one.name, title=one.title, problem=_problem(one))
            for one in failed
        ],
    )  # fmt: skip


def _problem(run: JobRun) -> Problem:
    told = run.problem or {}
    return Problem(code=str(told.get("code", "unknown")), detail=str(told.get("detail", "")))


def member(entry: AuditEntry, _target: Any) -> MemberData:
    data = entry.data
    return MemberData(
        member=entry.object_label, role=data.get("after") or data.get("role"),
        former_role=data.get("before"),
    )  # fmt: skip


def invitation(entry: AuditEntry, _target: Any) -> InvitationData:
    return InvitationData(
        id=entry.object_id, to=entry.object_label or "anyone with the link",
        role=entry.data.get("role"),
    )  # fmt: skip


def api_key(entry: AuditEntry, _target: Any) -> ApiKeyData:
    return ApiKeyData(id=entry.object_id, name=entry.object_label, scopes=entry.data.get("scopes"))


def school_class(entry: AuditEntry, _target: Any) -> ClassData:
    return ClassData(id=UUID(entry.object_id), name=entry.object_label)


def export(entry: AuditEntry, _target: Any) -> ExportData:
    return ExportData(id=entry.object_id, sha256=entry.data["sha256"], rows=entry.data["rows"])


def limit(entry: AuditEntry, _target: Any) -> LimitData:
    data = entry.data
    return LimitData(
        limit=entry.object_label,
        percent=data["percent"],
        used=data["used"],
        most=data["limit"] or 0,
    )


def workspace(entry: AuditEntry, _target: Any) -> WorkspaceData:
    return WorkspaceData(name=entry.object_label, reason=entry.data.get("reason") or None)


def address(entry: AuditEntry, _target: Any) -> AddressData:
    return AddressData(before=str(entry.data["before"]), after=str(entry.data["after"]))


def changed(entry: AuditEntry, _target: Any) -> SettingsData:
    return SettingsData(settings=[name for name in entry.object_label.split(", ") if name])


def domain(entry: AuditEntry, _target: Any) -> DomainData:
    return DomainData(domain=entry.object_label)
