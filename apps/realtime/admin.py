from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.realtime import webhooks
from apps.realtime.models import ChannelWebhook


@admin.register(ChannelWebhook)
class ChannelWebhookAdmin(ReadOnlyModelAdmin):
    """Servers that are told what happens in an application's channels."""

    list_display = ("url", "app_id", "events", "last_success_at", "failing_since", "problem")
    list_filter = (("failing_since", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("url", "app_id")
    actions: ClassVar[list[Any]] = ["remove"]

    def figures(self) -> list[Figure]:
        failing = ChannelWebhook.objects.filter(failing_since__isnull=False).count()
        return [self.figure("Channel webhooks failing", failing, "failing_since__isempty=0")]

    @admin.action(description="Tell them nothing more")
    def remove(self, request: HttpRequest, chosen: QuerySet[ChannelWebhook]) -> None:
        for webhook in chosen:
            webhooks.remove(webhook=webhook, by=request.user)
            messages.success(request, f"{webhook} is told nothing more.")
