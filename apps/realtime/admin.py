from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.core.operator_admin import DetailedModelAdmin, Figure, ReadOnlyModelAdmin
from apps.realtime import metering, occupancy
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.realtime.services import channel_webhooks, realtime_apps
from apps.tenants.console import acting_operator
from apps.tenants.deeds import Deed, ReasonForm
from apps.usage import plots


class AppStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("closed", "closed by operators"), ("off", "switched off"), ("active", "active")]

    def queryset(self, _request: HttpRequest, rows: QuerySet[RealtimeApp]) -> QuerySet[RealtimeApp]:
        chosen = {
            "closed": Q(closed_at__isnull=False),
            "off": Q(closed_at__isnull=True, disabled_at__isnull=False),
            "active": Q(closed_at__isnull=True, disabled_at__isnull=True),
        }
        return rows.filter(chosen.get(self.value() or "", Q()))


class RealtimeAppChangeList(ChangeList):
    """Knows of the rows it shows how busy each is."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        app_ids = [row.app_id for row in rows]
        connected, sent = occupancy.connections(app_ids), metering.of_today(app_ids)
        for row in rows:
            row.connections_now = connected.get(row.app_id)
            row.messages_today = sent.get(row.app_id)
        self.result_list = rows


CLOSE = Deed(
    "close",
    "Close these apps",
    "Nobody is let in and events are refused, until an operator opens them again. Connections are "
    "closed within a second.",
    "{} is closed.",
    realtime_apps.close,
    form=ReasonForm,
    subject="app",
)
OPEN = Deed(
    "open_again",
    "Open these apps again",
    "Clients may connect again, unless the workspace has switched the app off itself.",
    "{} is open again.",
    realtime_apps.open_again,
    form=ReasonForm,
    subject="app",
)


@admin.register(RealtimeApp)
class RealtimeAppAdmin(DetailedModelAdmin):
    """Workspaces' own applications at the endpoint, and how busy each is."""

    list_display = (
        "name", "tenant", "state", "app_id", "key", "connections", "messages", "created_at",
    )  # fmt: skip
    list_filter = (AppStateFilter, "created_at")
    list_select_related = ("tenant",)
    search_fields = ("name", "app_id", "key", "former_key", "tenant__name", "tenant__slug")
    exclude = ("secret", "former_secret")
    readonly_fields = ("state",)
    actions: ClassVar[list[Any]] = [CLOSE.as_action(), OPEN.as_action()]
    change_form_outer_before_template = "operator/_plots.html"

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return RealtimeAppChangeList

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002
        """Its messages of the last 30 days."""
        return {"plots": [plots.draw(metering.messages_of([row])[row.pk], by="day")]}

    def figures(self) -> list[Figure]:
        closed = RealtimeApp.objects.filter(closed_at__isnull=False).count()
        return [self.figure("Realtime apps closed", closed, "state=closed")]

    @admin.display(description="Connections now")
    def connections(self, row: Any) -> str:
        return _number(row.connections_now)

    @admin.display(description="Messages today")
    def messages(self, row: Any) -> str:
        return _number(row.messages_today)


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"


@admin.register(ChannelWebhook)
class ChannelWebhookAdmin(ReadOnlyModelAdmin):
    """Servers that are told what happens in an application's channels."""

    list_display = (
        "url", "app_id", "state", "events", "channel_prefix", "last_success_at", "failing_since",
        "problem",
    )  # fmt: skip
    list_filter = (("failing_since", admin.EmptyFieldListFilter), "disabled_reason", "created_at")
    search_fields = ("url", "app_id")
    actions: ClassVar[list[Any]] = ["remove"]

    def figures(self) -> list[Figure]:
        failing = ChannelWebhook.objects.filter(failing_since__isnull=False).count()
        return [self.figure("Channel webhooks failing", failing, "failing_since__isempty=0")]

    @admin.action(description="Tell them nothing more")
    def remove(self, request: HttpRequest, chosen: QuerySet[ChannelWebhook]) -> None:
        for webhook in chosen:
            channel_webhooks.remove(webhook=webhook, by=acting_operator(request))
            messages.success(request, f"{webhook} is told nothing more.")
