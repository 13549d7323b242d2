"""The console: customers' webhook endpoints, how they fare, and what was sent."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.tenants.console import acting_operator
from apps.webhooks.models import Attempt, Delivery, Endpoint
from apps.webhooks.services import endpoints


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("failing", "failing"), ("off", "switched off")]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
        if self.value() == "off":
            return rows.filter(disabled_at__isnull=False)
        failing = rows.filter(disabled_at__isnull=True, failing_since__isnull=False)
        return failing if self.value() == "failing" else rows


@admin.register(Endpoint)
class EndpointAdmin(ReadOnlyModelAdmin):
    list_display = (
        "url", "tenant", "state", "failing_since", "failures", "last_success_at", "paused_until",
    )  # fmt: skip
    list_filter = (StateFilter, "disabled_reason", "created_at")
    list_select_related = ("tenant",)
    search_fields = ("url", "description", "tenant__name", "tenant__slug")
    exclude = ("secret", "former_secret")
    actions: ClassVar[list[str]] = ["switch_off", "switch_on"]

    def figures(self) -> list[Figure]:
        failing = Endpoint.objects.failing().count()
        return [self.figure("Webhooks failing", failing, "state=failing")]

    @admin.action(description="Switch off, and tell the owners")
    def switch_off(self, request: HttpRequest, chosen: QuerySet[Endpoint]) -> None:
        reason = Endpoint.Reason.OPERATOR
        for endpoint in chosen.select_related("tenant"):
            endpoints.disable(endpoint=endpoint, by=acting_operator(request), reason=reason)
            messages.success(request, f"{endpoint} is switched off.")

    @admin.action(description="Switch on")
    def switch_on(self, request: HttpRequest, chosen: QuerySet[Endpoint]) -> None:
        for endpoint in chosen.select_related("tenant"):
            endpoints.enable(endpoint=endpoint, by=acting_operator(request))
            messages.success(request, f"{endpoint} is switched on.")


class AttemptInline(TabularInline):  # type: ignore[misc]
    """Without the answers' bodies: they are the customer's."""

    model = Attempt
    fields = ("number", "at", "status", "problem", "milliseconds")
    extra = 0
    can_delete = False

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyModelAdmin):
    list_display = ("event", "endpoint", "state", "attempts", "status", "due_at", "created_at")
    list_filter = ("state", "created_at")
    list_select_related = ("event", "endpoint")
    search_fields = ("endpoint__url", "event__type")
    show_full_result_count = False
    inlines = (AttemptInline,)
