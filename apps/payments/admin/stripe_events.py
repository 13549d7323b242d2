"""What Stripe told, what came of it, and how our rows compare with Stripe's objects."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, tones
from apps.payments.models import Account, Finding, ReconcileRun, StripeEvent
from apps.payments.services import replays
from apps.tenants.deeds import Deed

State, RunState = StripeEvent.State, ReconcileRun.State
EVENT_TONES = tones({
    State.WAITING: "info", State.PROCESSED: "success", State.FAILED: "danger",
    State.IGNORED: "warning",
})  # fmt: skip
RUN_TONES = tones({
    RunState.RUNNING: "info", RunState.FINISHED: "success", RunState.FAILED: "danger",
})  # fmt: skip
REPLAY = Deed(
    "replay", "Deal with it again",
    "What the event tells of is fetched from Stripe and stored again, whatever came of it before.",
    "{} is being dealt with.", replays.replay, subject="event",
)  # fmt: skip
FETCH = Deed(
    "fetch_all", "Fetch all of the customer from Stripe",
    "Subscriptions, invoices, payments and the rest are compared with Stripe's and taken in where "
    "they differ. What was found stands under Comparisons.",
    "The customer of {} is being fetched.", replays.fetch_all, one_at_a_time=True, subject="event",
)  # fmt: skip


def customer_of(customer_id: str) -> str | SafeString:
    """Leads to the account, where there is one."""
    account = Account.objects.of_customer(customer_id) if customer_id else None
    if account is None:
        return customer_id or "-"
    url = reverse("admin:payments_account_change", args=[account.pk])
    return format_html('<a class="underline" href="{}">{}</a> {}', url, account, customer_id)


def code(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False) if value else "-"
    return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyModelAdmin):
    list_display = (
        "type", "shown_state", "customer_id", "object_id", "received_at", "shown_lag", "attempts",
        "source", "shown_problem",
    )  # fmt: skip
    list_filter = ("state", "source", "object_type", "received_at")
    search_fields = ("id", "type", "object_id", "customer_id")
    fields = (
        "id", "type", "shown_state", "customer", "object_type", "object_id", "created",
        "received_at", "processed_at", "shown_lag", "due_at", "attempts", "source", "endpoint",
        "shown_problem", "traceback", "shown_payload",
    )  # fmt: skip
    actions: ClassVar[list[Any]] = [REPLAY.as_action(), FETCH.as_action()]
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StripeEvent]:
        rows: QuerySet[StripeEvent] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        return rows.defer("payload") if is_list else rows

    def figures(self) -> list[Figure]:
        failed = StripeEvent.objects.failed().count()
        return [self.figure("Stripe events failed", failed, "state__exact=failed", alarm=True)]

    @display(description="state", label=EVENT_TONES, ordering="state")  # type: ignore[untyped-decorator]
    def shown_state(self, row: StripeEvent) -> str:
        return row.get_state_display()

    @admin.display(description="took")
    def shown_lag(self, row: StripeEvent) -> str:
        return f"{row.lag.total_seconds():.1f} s" if row.lag is not None else "-"

    @admin.display(description="customer")
    def customer(self, row: StripeEvent) -> str | SafeString:
        return customer_of(row.customer_id)

    @admin.display(description="problem")
    def shown_problem(self, row: StripeEvent) -> str:
        return str((row.problem or {}).get("detail", "-"))

    @admin.display(description="traceback")
    def traceback(self, row: StripeEvent) -> SafeString:
        text = (row.problem or {}).get("traceback") or "-"
        return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)

    @admin.display(description="as it came")
    def shown_payload(self, row: StripeEvent) -> SafeString:
        return code(row.payload)


def differences(row: Finding) -> SafeString:
    lines = ((name, ours, stripes) for name, (ours, stripes) in row.differences.items())
    told = format_html_join("", "<div>{}: {} here, {} at Stripe</div>", lines)
    return told + format_html("{}", (row.problem or {}).get("detail", ""))


class FindingInline(TabularInline):  # type: ignore[misc]
    model = Finding
    fields = ("object_type", "object_id", "customer_id", "kind", "shown", "is_repaired")
    readonly_fields = ("shown",)
    extra = 0
    can_delete = False
    per_page = 50
    show_change_link = False

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    @admin.display(description="differences")
    def shown(self, row: Finding) -> SafeString:
        return differences(row)


@admin.register(ReconcileRun)
class ReconcileRunAdmin(ReadOnlyModelAdmin):
    list_display = (
        "started_at", "kind", "shown_state", "customer_id", "repairs", "compared", "drift",
        "repaired", "asked_by", "finished_at",
    )  # fmt: skip
    list_filter = ("kind", "state", "repairs", "started_at")
    search_fields = ("customer_id", "asked_by", "findings__object_id")
    fields = (
        "kind", "shown_state", "customer", "repairs", "since", "asked_by", "started_at",
        "finished_at", "numbers", "shown_problem",
    )  # fmt: skip
    inlines = (FindingInline,)
    list_per_page = 50

    def figures(self) -> list[Figure]:
        runs = ReconcileRun.objects.of_kind(ReconcileRun.Kind.OBJECTS).finished()
        newest = runs.filter(customer_id="").first()
        left = newest.drift - newest.total("repaired") if newest else 0
        return [self.figure("Drift from Stripe", left, "kind__exact=objects", alarm=True)]

    @display(description="state", label=RUN_TONES, ordering="state")  # type: ignore[untyped-decorator]
    def shown_state(self, row: ReconcileRun) -> str:
        return row.get_state_display()

    @admin.display(description="customer")
    def customer(self, row: ReconcileRun) -> str | SafeString:
        return customer_of(row.customer_id) if row.customer_id else "all"

    @admin.display(description="compared")
    def compared(self, row: ReconcileRun) -> int:
        return row.total("seen")

    @admin.display(description="repaired")
    def repaired(self, row: ReconcileRun) -> int:
        return row.total("repaired")

    @admin.display(description="counts")
    def numbers(self, row: ReconcileRun) -> SafeString:
        lines = (
            (kind, ", ".join(f"{number} {what}" for what, number in numbers.items()))
            for kind, numbers in row.counts.items()
        )
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="problem")
    def shown_problem(self, row: ReconcileRun) -> str:
        return str((row.problem or {}).get("detail", "-"))
