from __future__ import annotations

from django.contrib import admin

from apps.audit.models import AuditEntry
from apps.core.operator_admin import ReadOnlyModelAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyModelAdmin):
    list_display = ("at", "schema_name", "actor_label", "action", "object_label", "sequence")
    list_filter = ("at", "object_type")
    search_fields = ("schema_name", "actor_label", "action", "object_label", "object_id")
    date_hierarchy = "at"
    list_per_page = 50
    show_full_result_count = False
