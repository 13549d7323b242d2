from __future__ import annotations

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.operator_admin import ReadOnlyModelAdmin
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys
from apps.tenants.console import acting_operator


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyModelAdmin):
    list_display = ("name", "prefix", "tenant", "scope_list", "state", "last_used_at", "created_by")
    list_filter = ("created_at", "expires_at")
    search_fields = ("name", "prefix", "tenant__name", "tenant__slug")
    list_select_related = ("tenant", "created_by")
    exclude = ("secret_hash",)
    actions: ClassVar[list[str]] = ["revoke"]

    @admin.display(description="Scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.action(description="Revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        for key in chosen:
            api_keys.revoke(key=key, by=acting_operator(request))
            messages.success(request, f"{key} opens nothing any more.")
