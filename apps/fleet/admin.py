"""The fleet in the operator console: to look at, and to stop.

Changing schemas takes the owner's role, which neither web nor workers have, so that a fault in
them cannot reach a table's structure. The console therefore says which command goes on.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.fleet.models import Rollout, RolloutItem, Schema, SchemaVersion
from apps.fleet.services import checks, fingerprints, itineraries, locks, rollouts

States = RolloutItem.State
COMPARED_AT_MOST = 50
GO_ON = {
    Rollout.State.PAUSED: "fleet migrate",
    Rollout.State.FAILED: "fleet rollback, or fleet migrate once it is mended",
}


@admin.register(SchemaVersion)
class SchemaVersionAdmin(ReadOnlyModelAdmin):
    list_display = ("short", "migration_count", "schema_count", "created_at", "released_at",
                    "retired_at")  # fmt: skip
    fields = ("fingerprint", "created_at", "released_at", "retired_at", "tables", "listed")
    readonly_fields = ("tables", "listed")
    search_fields = ("fingerprint",)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[SchemaVersion]:
        found: QuerySet[SchemaVersion] = super().get_queryset(request)
        return found.defer("ddl", "structure").annotate(number=Count("schemas"))

    @admin.display(description="Version", ordering="fingerprint")
    def short(self, version: SchemaVersion) -> str:
        return str(version)

    @admin.display(description="Migrations")
    def migration_count(self, version: SchemaVersion) -> int:
        return len(version.migrations)

    @admin.display(description="Schemas", ordering="number")
    def schema_count(self, version: Any) -> int:
        return int(version.number)

    @admin.display(description="Tables")
    def tables(self, version: SchemaVersion) -> str:
        return ", ".join(sorted(version.structure))

    @admin.display(description="Migrations")
    def listed(self, version: SchemaVersion) -> SafeString:
        return format_html_join("", "{}<br>", ((".".join(key),) for key in version.migrations))


@admin.register(Schema)
class SchemaAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "kind", "version", "is_canary", "created_at", "updated_at")
    list_filter = ("kind", "is_canary", "version__fingerprint")
    search_fields = ("name",)
    list_select_related = ("version",)
    actions: ClassVar[list[str]] = ["compare"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schema]:
        found: QuerySet[Schema] = super().get_queryset(request)
        return found.defer("version__ddl", "version__structure", "version__migrations")

    def figures(self) -> list[Figure]:
        code = fingerprints.fingerprint(fingerprints.migrations_of_code())
        behind = Schema.objects.workspaces().exclude(version__fingerprint=code).count()
        return [self.figure("Schemas behind the code", behind, "kind__exact=workspace", alarm=True)]

    @admin.action(description="Compare with its version")
    def compare(self, request: HttpRequest, chosen: QuerySet[Schema]) -> None:
        names = list(chosen.values_list("name", flat=True)[:COMPARED_AT_MOST])
        found = checks.differing_in_structure(schema_names=names)
        for problem in found:
            messages.error(request, problem)
        if not found:
            messages.success(request, f"{len(names)} look as their version says.")


class TroubleInline(TabularInline):  # type: ignore[misc]
    """Only what did not go well: the others may be thousands."""

    model = RolloutItem
    verbose_name_plural = "Blocked and failed"
    extra = 0
    can_delete = False
    fields = readonly_fields = ("schema_name", "state", "attempts", "problem")

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RolloutItem]:
        found: QuerySet[RolloutItem] = super().get_queryset(request)
        return found.filter(state__in=(States.BLOCKED, States.FAILED))


@admin.register(Rollout)
class RolloutAdmin(ReadOnlyModelAdmin):
    list_display = ("started_at", "target", "state", "moved", "blocked", "failed", "actor_label",
                    "took")  # fmt: skip
    list_filter = ("state", "started_at")
    list_select_related = ("target",)
    fields = readonly_fields = (
        "target", "state", "progress", "going_on", "problem", "actor_label", "started_at",
        "finished_at",
    )  # fmt: skip
    inlines = (TroubleInline,)
    actions: ClassVar[list[str]] = ["stop"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rollout]:
        found: QuerySet[Rollout] = super().get_queryset(request)
        return found.defer("target__ddl", "target__structure", "target__migrations").annotate(
            total=Count("items"),
            done=Count("items", filter=Q(items__state=States.DONE)),
            waiting=Count("items", filter=Q(items__state=States.BLOCKED)),
            broken=Count("items", filter=Q(items__state=States.FAILED)),
            duration=F("finished_at") - F("started_at"),
        )

    def figures(self) -> list[Figure]:
        failed = Rollout.objects.filter(state=Rollout.State.FAILED).count()
        return [self.figure("Rollouts that failed", failed, "state__exact=failed", alarm=True)]

    @admin.display(description="Moved")
    def moved(self, rollout: Any) -> str:
        return f"{rollout.done} of {rollout.total}"

    @admin.display(description="Blocked", ordering="waiting")
    def blocked(self, rollout: Any) -> int:
        return int(rollout.waiting)

    @admin.display(description="Failed", ordering="broken")
    def failed(self, rollout: Any) -> int:
        return int(rollout.broken)

    @admin.display(description="Took", ordering="duration")
    def took(self, rollout: Any) -> str:
        return f"{rollout.duration.total_seconds():.1f} s" if rollout.duration else "-"

    @admin.display(description="Rings")
    def progress(self, rollout: Rollout) -> SafeString:
        rings = itineraries.progress(rollout=rollout)
        return format_html_join(
            "", "{}: {} of {}<br>", ((each.ring, each.done, each.total) for each in rings)
        )

    @admin.display(description="How to go on")
    def going_on(self, rollout: Rollout) -> SafeString | str:
        if rollout.state == Rollout.State.RUNNING and locks.holder():
            return "It is under way. “Stop” in the list ends it after the schema it is at."
        command = GO_ON.get(Rollout.State(rollout.state))
        if rollout.state == Rollout.State.RUNNING:
            command = "fleet migrate"  # cut short
        if command is None:
            return "Nothing is to be done."
        return format_html("On a machine with the owner's role: <code>manage.py {}</code>", command)

    @admin.action(description="Stop after the schema it is at")
    def stop(self, request: HttpRequest, chosen: QuerySet[Rollout]) -> None:
        for rollout in chosen:
            try:
                rollouts.stop(rollout=rollout, by=request.user)
            except DomainError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, "It stops. `manage.py fleet migrate` goes on with it.")
