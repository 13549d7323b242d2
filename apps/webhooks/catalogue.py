"""Every event that endpoints can be told of, each declared once.

An event follows from a deed in the audit trail (`deeds`), so it is written in the deed's
transaction and none is forgotten. Who subscribes must hold `permission`: nobody is told of what
they may not see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from apps.audit.models import AuditEntry
from apps.webhooks import payloads
from apps.webhooks.models import ALL_EVENTS

Build = Callable[[AuditEntry, Any], payloads.Shape]
ID = "019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b"
SPECIMEN_MESSAGE: Final = "msg_019a1b2c3d4e7f508a6b7c8d9e0f1a2b"


@dataclass(frozen=True)
class EventType:
    """`example` is a whole `data`, held to `shape` by a test."""

    name: str
    text: str
    permission: str
    deeds: tuple[str, ...]
    build: Build
    shape: type[payloads.Shape]
    example: dict[str, Any]
    version: int = 1

    @property
    def example_body(self) -> str:
        """As a receiver gets it, indented."""
        body = {
            "type": self.name, "version": self.version, "timestamp": "2026-11-26T09:30:00Z",
            "workspace": "lincoln", "by": "teacher@lincoln.example", "data": self.example,
        }  # fmt: skip
        return json.dumps(body, indent=2)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Each field of `data` with its description, "" where the name says it all."""
        return [(name, field.description or "") for name, field in self.shape.model_fields.items()]


_EXPERIENCE = {"id": ID, "slug": "volcano-lab", "name": "Volcano Lab", "universe_id": 4924591121}
_RELEASE = {
    "id": ID, "experience": "volcano-lab", "version": "1.2.0", "state": "scanning",
    "findings": None,
}  # fmt: skip
_DEPLOYMENT = {
    "id": ID, "experience": "volcano-lab", "environment": "production", "release": "1.2.0",
    "kind": "promote", "state": "queued", "roblox_version": None, "problem": None,
}  # fmt: skip
_JOB = {
    "id": ID, "task": "transfers.export", "title": "Export the workspace", "state": "failed",
    "attempts": 5, "requested_by": "owner@lincoln.example",
    "problem": {"code": "worker_lost", "detail": "No worker could finish this in 5 attempts."},
    "members": [],
}  # fmt: skip
_MEMBER = {"member": "new@lincoln.example", "role": "teacher", "former_role": None}
_INVITATION = {"id": ID, "to": "new@lincoln.example", "role": "teacher"}
_KEY = {"id": ID, "name": "Build (tbx_Zk3qPw…)", "scopes": ["releases.create"]}
_WORKSPACE = {"name": "Lincoln School", "reason": None}


def _release(name: str, text: str, *deeds: str, **example: Any) -> EventType:
    return EventType(
        f"release.{name}", text, "releases.view", deeds or (f"release.{name}",), payloads.release,
        payloads.ReleaseData, _RELEASE | example,
    )  # fmt: skip


def _deployment(name: str, text: str, *deeds: str, **example: Any) -> EventType:
    return EventType(
        f"deployment.{name}", text, "deployments.view", deeds, payloads.deployment,
        payloads.DeploymentData, _DEPLOYMENT | example,
    )  # fmt: skip


def _member(name: str, text: str, *deeds: str, **example: Any) -> EventType:
    return EventType(
        f"member.{name}", text, "members.view", deeds or (f"member.{name}",), payloads.member,
        payloads.MemberData, _MEMBER | example,
    )  # fmt: skip


def _invitation(name: str, text: str, *deeds: str) -> EventType:
    return EventType(
        f"invitation.{name}", text, "members.view", deeds,
        payloads.invitation, payloads.InvitationData, _INVITATION,
    )  # fmt: skip


def _api_key(name: str, text: str, **example: Any) -> EventType:
    return EventType(
        f"api_key.{name}", text, "api_keys.view", (f"api_key.{name}",), payloads.api_key,
        payloads.ApiKeyData, _KEY | example,
    )  # fmt: skip


def _class(name: str, text: str) -> EventType:
    return EventType(
        f"class.{name}", text, "classes.view", (f"class.{name}",), payloads.school_class,
        payloads.ClassData, {"id": ID, "name": "7B Science"},
    )  # fmt: skip


def _workspace(name: str, text: str, **example: Any) -> EventType:
    return EventType(
        f"workspace.{name}", text, "workspace.view", (f"workspace.{name}",), payloads.workspace,
        payloads.WorkspaceData, _WORKSPACE | example,
    )  # fmt: skip


def _domain(name: str, text: str) -> EventType:
    return EventType(
        f"domain.{name}", text, "domains.view", (f"domain.{name}",), payloads.domain,
        payloads.DomainData, {"domain": "lab.lincoln.example"},
    )  # fmt: skip


GROUPS: Final[dict[str, tuple[EventType, ...]]] = {
    "Experiences and releases": (
        EventType(
            "experience.created", "An experience was connected.", "experiences.view",
            ("experience.created",), payloads.experience, payloads.ExperienceData, _EXPERIENCE,
        ),
        _release("created", "A place file was uploaded; its scan begins."),
        _release(
            "scanned", "The scan has ended: ready, or blocked by what it found.",
            "release.scanned", "release.scan_failed", state="ready", findings=2,
        ),
        _release("withdrawn", "A release was taken out of use.", state="withdrawn"),
    ),
    "Deployments": (
        _deployment(
            "started", "A deployment, promotion or rollback has begun.",
            "deployment.deploy_started", "deployment.promote_started",
            "deployment.rollback_started",
        ),
        _deployment(
            "finished", "The release is published.", "deployment.succeeded",
            state="succeeded", roblox_version=42,
        ),
        _deployment(
            "failed", "It ended without being published; problem says why.", "deployment.failed",
            state="failed",
            problem={"code": "key_refused", "detail": "Roblox does not take this key any more."},
        ),
    ),
    "Background work": (
        EventType(
            "job.failed",
            "A job has failed for good: it is not tried again by itself. A chain or group of jobs "
            "is told of once, when it has ended, with what failed in it.",
            "jobs.view", (), payloads.job, payloads.JobData, _JOB,  # receivers.tell_failed_job
        ),
    ),
    "People": (
        _member("joined", "Somebody belongs to the workspace now."),
        _member("role_changed", "Somebody has another role.", former_role="student"),
        _member(
            "left", "Somebody belongs to it no more.", "member.left", "member.removed",
        ),
        _invitation("sent", "Somebody was invited.", "invitation.sent", "invitation.resent"),
        _invitation("accepted", "An invitation was taken up."),  # receivers.tell_acceptance
        _invitation("revoked", "An invitation was withdrawn.", "invitation.revoked"),
    ),
    "Classes": (
        _class("created", "A class was made."),
        _class("renamed", "A class has another name."),
        _class("archived", "A class has ended; its pupils stay."),
    ),
    "API keys": (
        _api_key("created", "A key was made."),
        _api_key("rotated", "A key has a new secret.", scopes=None),
        _api_key("revoked", "A key opens nothing any more.", scopes=None),
    ),
    "Workspace": (
        EventType(
            "workspace.renamed", "It has another address.", "workspace.view",
            ("workspace.renamed",), payloads.address, payloads.AddressData,
            {"before": "lincoln-high", "after": "lincoln"},
        ),
        _workspace(
            "suspended", "It is read-only until it is resumed.", reason="The invoice is unpaid.",
        ),
        _workspace("resumed", "Everything works again."),
        _workspace(
            "read_only", "It is unpaid: read as ever, not changed.",
            reason="The invoice TBX-2026-0042 is unpaid.",
        ),
        _workspace("writable", "It is paid for and can be changed again."),
        EventType(
            "configuration.changed", "Settings were changed or restored.", "workspace.configure",
            ("configuration.changed", "configuration.restored"), payloads.changed,
            payloads.SettingsData, {"settings": ["locale", "time_zone"]},
        ),
        _domain("verified", "A domain of your own leads here."),
        _domain("switched_off", "Its record has vanished: it leads here no more."),
        EventType(
            "export.ready", "An export can be downloaded.", "exports.create", ("export.made",),
            payloads.export, payloads.ExportData,
            # pragma: allowlist nextline secret
            {"id": ID, "sha256": "9f86d081884c7d659a2feaa0c55ad015" * 2, "rows": 1204},
        ),
        EventType(
            "limit.near", "80, 95 or 100 percent of a limit are used.", "usage.view",
            ("usage.warned",), payloads.limit, payloads.LimitData,
            {"limit": "Members", "percent": 80, "used": 80, "most": 100},
        ),
    ),
}  # fmt: skip
TYPES: Final[dict[str, EventType]] = {e.name: e for group in GROUPS.values() for e in group}
BY_DEED: Final[dict[str, EventType]] = {d: e for e in TYPES.values() for d in e.deeds}
# Sent by the button only; nobody subscribes to it.
TEST: Final = "webhook.test"


def visible(permissions: Collection[str]) -> dict[str, list[EventType]]:
    """The groups with what their holder may be told of; empty groups are left out."""
    found = {g: [e for e in es if e.permission in permissions] for g, es in GROUPS.items()}
    return {group: events for group, events in found.items() if events}


def beyond(events: Iterable[str], permissions: Collection[str]) -> list[str]:
    """Which of `events` their holder may not be told of; `*` is all there are."""
    named = set(TYPES) if ALL_EVENTS in events else set(events)
    return sorted(name for name in named if TYPES[name].permission not in permissions)
