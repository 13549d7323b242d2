"""Sending again: one delivery, or all that an endpoint missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.webhooks.errors import EndpointOff, NothingToReplay
from apps.webhooks.models import Delivery, DeliveryQuerySet, Endpoint
from apps.webhooks.services import lanes
from apps.webhooks.services.access import demand

State = Delivery.State
AT_ONCE = 10_000


def replay(*, delivery: Delivery, by: Any) -> Delivery:
    """Send one again, whatever became of it. Raises `EndpointOff`, or `NothingToReplay` while it
    is still on its way.
    """
    demand("webhooks.update", endpoint=delivery.endpoint, by=by)
    _require_on(delivery.endpoint)
    with schema_context("public"), transaction.atomic():
        rows = Delivery.objects.filter(pk=delivery.pk).exclude(state=State.PENDING)
        if not _put_back(rows, delivery.endpoint):
            raise NothingToReplay("It is on its way already.")
        delivery.refresh_from_db()
    return delivery


def replay_failed(*, endpoint: Endpoint, since: datetime, by: Any) -> int:
    """Send again what was given up, or came while the endpoint was off, since then; returns how
    many. Raises `EndpointOff`, `NothingToReplay`.
    """
    demand("webhooks.update", endpoint=endpoint, by=by)
    _require_on(endpoint)
    with schema_context("public"), transaction.atomic():
        rows = Delivery.objects.filter(
            endpoint=endpoint, state__in=(State.FAILED, State.SKIPPED), created_at__gte=since
        )
        oldest = rows.order_by("id").values("pk")[:AT_ONCE]
        count = _put_back(Delivery.objects.filter(pk__in=oldest), endpoint)
        if not count:
            raise NothingToReplay("Nothing has failed since then.")
    return count


def _require_on(endpoint: Endpoint) -> None:
    if not endpoint.is_enabled:
        raise EndpointOff("Switch the endpoint on first.")


def _put_back(rows: DeliveryQuerySet, endpoint: Endpoint) -> int:
    count: int = rows.update(
        state=State.PENDING, step=0, due_at=timezone.now(), held_until=None, finished_at=None
    )
    Endpoint.objects.filter(pk=endpoint.pk).update(paused_until=None)
    lanes.open_after_commit(endpoint_id=endpoint.pk)
    return count
