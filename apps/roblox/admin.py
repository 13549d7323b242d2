from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.core.operator_admin import Figure
from apps.core.outgoing import breaker_state
from apps.roblox.models import (
    Artifact,
    Deployment,
    DeploymentStep,
    Environment,
    Experience,
    Finding,
    Release,
)
from apps.tenants.console import WorkspaceModelAdmin

TONES = {
    "ready": "success", "succeeded": "success", "ok": "success", "running": "info",
    "scanning": "info", "queued": "info", "blocked": "danger", "failed": "danger",
    "refused": "danger", "expiring": "warning", "withdrawn": "warning",
}  # fmt: skip


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False


class EnvironmentInline(ReadOnlyInline):
    model = Environment
    fields = ("kind", "place_id", "key_hint", "key_state", "key_detail", "key_checked_at")


class FindingInline(ReadOnlyInline):
    model = Finding
    fields = ("severity", "rule", "path", "line", "message")


class DeploymentStepInline(ReadOnlyInline):
    model = DeploymentStep
    fields = ("title", "state", "detail", "started_at", "finished_at")


@admin.register(Experience)
class ExperienceAdmin(WorkspaceModelAdmin):
    list_display = ("name", "universe_id", "created_by_label", "created_at")
    search_fields = ("name", "universe_id")
    inlines = (EnvironmentInline,)

    def figures(self) -> list[Figure]:
        breaker = breaker_state("roblox")
        paused = breaker.state != "closed"
        label = f"Roblox calls failed in a row, circuit {breaker.state}"
        return [self.figure(label, breaker.failures, alarm=paused)]


@admin.register(Artifact)
class ArtifactAdmin(WorkspaceModelAdmin):
    list_display = ("filename", "kind", "format", "instance_count", "script_count", "created_at")
    list_filter = ("kind", "format")
    search_fields = ("filename", "blob__sha256")
    exclude = ("tree", "class_counts", "asset_references")


@admin.register(Release)
class ReleaseAdmin(WorkspaceModelAdmin):
    list_display = ("version", "experience", "show_state", "created_by_label", "created_at")
    list_filter = ("state", "experience")
    list_select_related = ("experience",)
    search_fields = ("version", "notes")
    inlines = (FindingInline,)

    @display(description="state", label=TONES)  # type: ignore[untyped-decorator]
    def show_state(self, release: Release) -> str:
        return release.state


@admin.register(Deployment)
class DeploymentAdmin(WorkspaceModelAdmin):
    list_display = (
        "__str__", "show_state", "roblox_version", "started_by_label", "created_at",
    )  # fmt: skip
    list_filter = ("state", "kind", "environment__kind")
    list_select_related = ("release__experience", "environment")
    inlines = (DeploymentStepInline,)

    @display(description="state", label=TONES)  # type: ignore[untyped-decorator]
    def show_state(self, deployment: Deployment) -> str:
        return deployment.state
