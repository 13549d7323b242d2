"""What a workspace sees of its payments."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from apps.payments.models import MoneyRequest, Payment, Refund
from apps.tenants.models import Tenant

State = MoneyRequest.State
# What operators have not agreed on, or have refused, is no news for the customer.
TOLD = (State.SENT, State.DONE, State.FAILED)
CHOICES = [(one.value, one.label) for one in TOLD]


def of(tenant: Tenant) -> QuerySet[Payment]:
    """Newest first, each with its invoice and `told_refunds`, in three queries."""
    told = Refund.objects.filter(state__in=TOLD, retry__isnull=True).order_by("asked_at")
    mine = Payment.objects.filter(account__tenant=tenant).select_related("invoice")
    return mine.defer("data", "invoice__data").prefetch_related(
        Prefetch("refunds", told, to_attr="told_refunds")
    )
