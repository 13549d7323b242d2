from __future__ import annotations

from django.contrib import admin

from apps.media.models import Blob
from apps.tenants.console import WorkspaceModelAdmin


@admin.register(Blob)
class BlobAdmin(WorkspaceModelAdmin):
    list_display = ("sha256", "size", "scan_state", "scan_detail", "created_at")
    list_filter = ("scan_state",)
    search_fields = ("sha256",)
