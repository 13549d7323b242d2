"""Payments, refunds and credits of all customers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, tones
from apps.payments.admin.links import at_stripe
from apps.payments.admin.money_deeds import REFUND, REQUEST_DEEDS, RETRY
from apps.payments.models import CustomerCredit, MoneyRequest, Payment, Refund
from apps.payments.money import text

Status, State = Payment.Status, MoneyRequest.State
PAYMENT_TONES = tones({
    Status.SUCCEEDED: "success", Status.PENDING: "info", Status.FAILED: "danger",
})  # fmt: skip
REQUEST_TONES = tones({
    State.DONE: "success", State.FAILED: "danger", State.REJECTED: "warning",
    State.WAITING: "warning", State.SENT: "info", State.READY: "info",
})  # fmt: skip


def customer_link(row: Any) -> SafeString:
    url = reverse("admin:payments_account_change", args=[row.account_id])
    return format_html('<a class="underline" href="{}">{}</a>', url, row.account)


class MoneyAdmin(ReadOnlyModelAdmin):
    list_select_related: tuple[str, ...] = ("account",)
    list_per_page = 50

    @admin.display(description="customer", ordering="account__name")
    def customer(self, row: Any) -> SafeString:
        return customer_link(row)

    @admin.display(description="amount", ordering="amount")
    def shown_amount(self, row: Any) -> str:
        return text(row.amount, row.currency)

    @admin.display(description="at Stripe")
    def stripe_link(self, row: Any) -> SafeString:
        return at_stripe(row)


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin):
    list_display = (
        "id", "customer", "shown_amount", "shown_state", "created_at", "method", "why", "left",
    )  # fmt: skip
    list_filter = ("status", "is_disputed", "method_type", "created_at")
    search_fields = (
        "id", "payment_intent_id", "last4", "account__name", "account__schema_name",
        "invoice__number",
    )  # fmt: skip
    fields = (
        "id", "customer", "shown_amount", "shown_state", "why", "decline_code", "method", "invoice",
        "shown_refunded", "left", "is_disputed", "created_at", "stripe_link", "payment_intent_id",
        "data",
    )  # fmt: skip
    date_hierarchy = "created_at"
    actions: ClassVar[list[Any]] = [REFUND.as_action()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        rows: QuerySet[Payment] = super().get_queryset(request).defer("account__tenant")
        return rows

    @display(description="state", label=PAYMENT_TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Payment) -> str:
        return row.get_status_display()

    @admin.display(description="why it failed")
    def why(self, row: Payment) -> str:
        return f"{row.failure} ({row.decline_code or row.failure_code})" if row.has_failed else ""

    @admin.display(description="can be refunded")
    def left(self, row: Payment) -> str:
        return text(row.refundable, row.currency) if row.refundable else ""

    @admin.display(description="refunded")
    def shown_refunded(self, row: Payment) -> str:
        return text(row.amount_refunded, row.currency)


class RequestAdmin(MoneyAdmin):
    list_display = (
        "__str__", "customer", "shown_amount", "shown_state", "note", "asked_by_label", "asked_at",
        "decided_by_label", "problem",
    )  # fmt: skip
    list_filter: tuple[str, ...] = ("state", "needs_approval", "asked_at")
    search_fields = ("account__name", "account__schema_name", "asked_by_label", "note", "stripe_id")
    exclude = ("idempotency_key", "asked_by", "decided_by", "account", "amount", "state")
    actions: ClassVar[list[Any]] = [deed.as_action() for deed in REQUEST_DEEDS]

    @display(description="state", label=REQUEST_TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, row: MoneyRequest) -> str:
        return row.get_state_display()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        mine = ["customer", "shown_amount", "shown_state", "stripe_link"]
        return [*mine, *(one for one in super().get_fields(request, obj) if one not in mine)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        mine = ["customer", "shown_amount", "shown_state", "stripe_link"]
        return [*super().get_readonly_fields(request, obj), *mine]

    def figures(self) -> list[Figure]:
        """How many wait for another operator, and how many failed."""
        rows, name = self.model._default_manager, str(self.opts.verbose_name_plural)  # noqa: SLF001
        failed = rows.filter(state=MoneyRequest.State.FAILED, **self.unsolved).count()
        waiting = rows.filter(state=MoneyRequest.State.WAITING).count()
        return [
            self.figure(f"{name.capitalize()} to approve", waiting, "state__exact=waiting",
                        alarm=True),
            self.figure(f"Failed {name}", failed, "state__exact=failed", alarm=True),
        ]  # fmt: skip

    unsolved: ClassVar[dict[str, Any]] = {}


@admin.register(Refund)
class RefundAdmin(RequestAdmin):
    actions: ClassVar[list[Any]] = [*RequestAdmin.actions, RETRY.as_action()]
    unsolved: ClassVar[dict[str, Any]] = {"retry__isnull": True}


@admin.register(CustomerCredit)
class CustomerCreditAdmin(RequestAdmin):
    list_filter = (*RequestAdmin.list_filter, "kind")
