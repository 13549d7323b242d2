"""How long the log is kept."""

from __future__ import annotations

from django.utils import timezone
from django_tenants.utils import schema_context

from apps.webhooks import schedule
from apps.webhooks.models import Delivery, Event

BATCH = 1000


def forget() -> int:
    """Delete events whose time in the log is over; returns how many."""
    with schema_context("public"):
        old = Event.objects.filter(created_at__lt=timezone.now() - schedule.KEPT_FOR)
        over = old.exclude(deliveries__state=Delivery.State.PENDING)
        count = 0
        while batch := list(over.values_list("pk", flat=True)[:BATCH]):
            Event.objects.filter(pk__in=batch).delete()
            count += len(batch)
    return count
