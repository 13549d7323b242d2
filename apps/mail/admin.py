from __future__ import annotations

from django.contrib import admin

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.mail.models import Message


@admin.register(Message)
class MessageAdmin(ReadOnlyModelAdmin):
    """Which mails left for whom. Their text is not shown: it may hold a secret link."""

    list_display = ("created_at", "to", "subject", "schema_name", "state", "sent_at", "problem")
    list_filter = ("state", "template", "created_at")
    search_fields = ("to", "subject", "schema_name")
    fields = (
        "to",
        "subject",
        "template",
        "schema_name",
        "state",
        "problem",
        "created_at",
        "sent_at",
    )
    list_per_page = 50

    def figures(self) -> list[Figure]:
        failed = Message.objects.filter(state=Message.State.FAILED).count()
        return [self.figure("Mails not sent", failed, "state__exact=failed", alarm=True)]
