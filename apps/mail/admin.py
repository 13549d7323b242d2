from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from unfold.admin import TabularInline

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.mail import console_gallery, sender_admin
from apps.mail.models import Message, MessageEvent, Suppression
from apps.mail.services import suppressions
from apps.tenants.deeds import Deed, ReasonForm

__all__ = ["MessageAdmin", "SuppressionAdmin", "sender_admin"]
LIFT = Deed(
    "lift", "Lift the suppression", "Mail of this stream of the workspace goes there again.",
    "{} gets mail again.", suppressions.lift, ReasonForm, subject="suppression",
)  # fmt: skip


class Timeline(TabularInline):  # type: ignore[misc]
    model = MessageEvent
    verbose_name_plural = "timeline"
    fields = ("at", "kind", "provider", "detail")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Message)
class MessageAdmin(ReadOnlyModelAdmin):
    """Which mails left for whom, and what became of them. Their text is not shown: it may hold a
    secret link.
    """

    list_display = (
        "created_at", "to", "subject", "schema_name", "state", "provider", "sent_at", "problem",
    )  # fmt: skip
    list_filter = ("state", "stream", "category", "provider", "template", "created_at")
    search_fields = ("to", "subject", "schema_name", "provider_id")
    fields = (
        "to", "subject", "template", "category", "stream", "language", "schema_name", "state",
        "problem", "provider", "provider_id", "sender", "idempotency_key", "held_for", "held_until",
        "created_at", "sent_at",
    )  # fmt: skip
    inlines: ClassVar[list[Any]] = [Timeline]
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        return [*console_gallery.urls(self.admin_site), *super().get_urls()]

    def figures(self) -> list[Figure]:
        counts = {
            state: Message.objects.filter(state=state).count()
            for state in (Message.State.FAILED, Message.State.HELD)
        }
        return [
            self.figure(
                "Mails not sent", counts[Message.State.FAILED], "state__exact=failed", alarm=True
            ),
            self.figure("Mails held", counts[Message.State.HELD], "state__exact=held"),
        ]


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyModelAdmin):
    """Addresses that get no more mail, and why."""

    list_display = (
        "address", "schema_name", "stream", "reason", "detail", "created_at", "lifted_at",
        "lifted_by", "lifted_why",
    )  # fmt: skip
    list_filter = ("reason", "stream", ("lifted_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("address", "schema_name")
    list_select_related: ClassVar[list[str]] = []
    actions: ClassVar[list[Any]] = [LIFT.as_action()]
    list_per_page = 50
