"""What customers and operators asked of Stripe, and whether it was confirmed."""

from __future__ import annotations

from django.contrib import admin

from apps.core.operator_admin import Figure
from apps.payments.admin.payments import MoneyAdmin
from apps.payments.models import Attempt


@admin.register(Attempt)
class AttemptAdmin(MoneyAdmin):
    """Without what was asked for in words, which is about people."""

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

    def figures(self) -> list[Figure]:
        """Of operators' deeds: customers see theirs on their page Billing."""
        open_ones = Attempt.objects.open().exclude(subject="").count()
        return [
            self.figure("Deeds that Stripe did not confirm", open_ones, "state__exact=open",
                        alarm=True),
        ]  # fmt: skip
