from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Choices
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.timezone import localtime
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, tones
from apps.mail import console_gallery, console_statistics, sender_admin
from apps.mail.models import Message, MessageEvent, Suppression
from apps.mail.services import suppressions
from apps.tenants.deeds import Deed, ReasonForm

__all__ = ["MessageAdmin", "SuppressionAdmin", "sender_admin"]
State = Message.State
TONES: dict[Choices, str] = {
    State.QUEUED: "info", State.HELD: "warning", State.FAILED: "danger",
    State.SUPPRESSED: "warning", State.SENT: "success", State.DELIVERED: "success",
    State.OPENED: "success", State.BOUNCED: "danger", State.COMPLAINED: "danger",
}  # fmt: skip
LIFT = Deed(
    "lift", "Lift the suppression", "Mail of this stream of the workspace goes there again.",
    "{} gets mail again.", suppressions.lift, ReasonForm, subject="suppression",
)  # fmt: skip


class Timeline(TabularInline):  # type: ignore[misc]
    model = MessageEvent
    verbose_name_plural = "timeline"
    fields = ("when", "kind", "provider", "detail")
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    @admin.display(description="at")
    def when(self, event: MessageEvent) -> str:
        """To the second: much of it happens within a minute."""
        return date_format(localtime(event.at), "j M Y, H:i:s T", use_l10n=False)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Message)
class MessageAdmin(ReadOnlyModelAdmin):
    """Which mails left for whom, and what became of them. Their text is not shown: it may hold a
    secret link.
    """

    list_display = ("created_at", "to", "shown_subject", "schema_name", "shown_state", "provider")
    list_filter = ("state", "stream", "category", "provider", "template", "created_at")
    search_fields = ("to", "subject", "schema_name", "provider_id")
    fields = (
        "to", "subject", "template", "category", "stream", "language", "schema_name", "shown_state",
        "problem", "provider", "provider_id", "sender", "idempotency_key", "held_for", "held_until",
        "created_at", "sent_at",
    )  # fmt: skip
    inlines: ClassVar[list[Any]] = [Timeline]
    list_per_page = 50

    @admin.display(description="subject", ordering="subject")
    def shown_subject(self, message: Message) -> str:
        return f"{message.subject} · {message.problem}" if message.problem else message.subject

    @display(description="state", label=tones(TONES), ordering="state")  # type: ignore[untyped-decorator]
    def shown_state(self, message: Message) -> str:
        return str(message.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        return [
            *console_gallery.urls(self.admin_site), *console_statistics.urls(self),
            *super().get_urls(),
        ]  # fmt: skip

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
