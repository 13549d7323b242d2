from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.operator_admin import DetailedModelAdmin, ReadOnlyModelAdmin
from apps.gateway import charts
from apps.gateway.models import ApiKey, ApiUsage
from apps.gateway.services import api_keys, request_usage
from apps.tenants.console import acting_operator


@admin.register(ApiKey)
class ApiKeyAdmin(DetailedModelAdmin):
    list_display = (
        "name", "prefix", "tenant", "environment", "scope_list", "state", "last_used_at",
        "created_by",
    )  # fmt: skip
    list_filter = ("environment", "created_at", "expires_at", "revoked_at")
    search_fields = ("name", "prefix", "tenant__name", "tenant__slug")
    list_select_related = ("tenant", "created_by")
    exclude = ("secret_hash", "former_hash")
    change_form_outer_before_template = "operator/_api_key_usage.html"
    actions: ClassVar[list[str]] = ["revoke"]

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002
        report = request_usage.of(row.tenant, key=row)
        return {"charts": charts.of(report), "endpoints": report.endpoints}

    @admin.display(description="Scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        for key in chosen:
            api_keys.revoke(key=key, by=acting_operator(request))
            messages.success(request, f"{key} opens nothing any more.")


@admin.register(ApiUsage)
class ApiUsageAdmin(ReadOnlyModelAdmin):
    """Hours and days as they are kept: by workspace, caller and endpoint."""

    list_display = (
        "start", "span", "schema_name", "caller", "endpoint", "requests", "client_errors",
        "limited", "server_errors", "credits",
    )  # fmt: skip
    list_filter = ("span", "start")
    search_fields = ("=schema_name", "=caller", "endpoint")
    show_full_result_count = False
