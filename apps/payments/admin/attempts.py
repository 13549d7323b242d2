"""What customers and operators asked of Stripe, and whether it was confirmed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from apps.core.operator_admin import DetailedModelAdmin, Figure
from apps.payments.admin.payments import MoneyAdmin
from apps.payments.models import Attempt
from apps.payments.services import operator_retries
from apps.tenants.deeds import Deed

TRY_AGAIN = Deed(
    "try_again", "Try again",
    "Stripe is asked the same with the same key: what it has done already is not done twice.",
    "Asked again: {}.", operator_retries.retry, subject="attempt",
)  # fmt: skip
DROP = Deed(
    "drop", "Drop",
    "What it is about is fetched as it is at Stripe now, and this is not asked for any more.",
    "Dropped: {}.", operator_retries.drop, subject="attempt",
)  # fmt: skip
DEEDS = (TRY_AGAIN, DROP)


@admin.register(Attempt)
class AttemptAdmin(MoneyAdmin, DetailedModelAdmin):
    """Without what was asked for in words, which is about people. Operators' own can be tried again
    or dropped; customers do that with theirs on their page Billing.
    """

    change_form_outer_before_template = "operator/_row_deeds.html"
    actions: ClassVar[list[Any]] = [deed.as_action() for deed in DEEDS]

    list_display = (
        "deed", "customer", "subject", "state", "tries", "error", "asked_by", "created_at",
        "finished_at",
    )  # fmt: skip
    list_select_related = ("account", "asked_by")
    list_filter = ("state", "deed", "created_at")
    search_fields = ("subject", "account__name", "account__schema_name", "key")
    fields = (
        "deed", "customer", "subject", "state", "tries", "error", "asked_by", "created_at",
        "finished_at", "key",
    )  # fmt: skip

    def details(self, request: HttpRequest, row: Attempt) -> dict[str, Any]:  # noqa: ARG002
        is_open = row.state == Attempt.State.OPEN
        is_ours = row.deed in operator_retries.DEEDS
        about = "The customer has it tried again, or drops it, on Settings, Billing."
        return {
            "row_key": row.pk,
            "address": reverse("admin:payments_attempt_changelist"),
            "deeds": [(d.name, f"{d.title}…") for d in DEEDS] if is_open and is_ours else [],
            "about": about if is_open and not is_ours else "",
        }

    def figures(self) -> list[Figure]:
        """Of operators' deeds: customers see theirs on their page Billing."""
        open_ones = Attempt.objects.open().exclude(subject="").count()
        return [
            self.figure("Deeds that Stripe did not confirm", open_ones, "state__exact=open",
                        alarm=True),
        ]  # fmt: skip
