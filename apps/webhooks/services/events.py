"""Events into the outbox: written with the deed, for the endpoints that want them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.tenants.models import Tenant
from apps.webhooks import signatures
from apps.webhooks.catalogue import TEST, EventType
from apps.webhooks.errors import EndpointOff
from apps.webhooks.models import Delivery, Endpoint, Event
from apps.webhooks.payloads import Shape, TestData
from apps.webhooks.services import lanes
from apps.webhooks.services.access import demand

State = Delivery.State


def emit(
    *, kind: EventType, data: Callable[[], Shape], schema_name: str, by: str, at: datetime
) -> Event | None:
    """Put an event into the outbox in the caller's transaction; None when nobody subscribed.

    `data` is asked for only when somebody did. Endpoints that are switched off keep the event as
    skipped: it can be sent once they are on again.
    """
    endpoints = list(
        Endpoint.objects.of_workspace(schema_name).subscribed(kind.name).select_related("tenant")
    )
    if not endpoints:
        return None
    body = _body(kind.name, kind.version, endpoints[0].tenant, by, at, data())
    return _put(kind.name, body, endpoints)


def send_test(*, endpoint: Endpoint, by: Any) -> Delivery:
    """Send an event that says nothing but that it is a test. Raises `EndpointOff`."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    if not endpoint.is_enabled:
        raise EndpointOff("Switch the endpoint on first.")
    now, name = timezone.now(), str(by.email if by else "system")
    data = TestData(message="It works.", sent_by=name, at=now)
    with schema_context("public"), transaction.atomic():
        body = _body(TEST, 1, endpoint.tenant, name, now, data)
        event = _put(TEST, body, [endpoint])
        return Delivery.objects.get(event=event, endpoint=endpoint)


def _body(name: str, version: int, tenant: Tenant, by: str, at: datetime, data: Shape) -> str:
    message = {
        "type": name, "version": version, "timestamp": signatures.stamp(at),
        "workspace": tenant.slug, "by": by, "data": data.model_dump(mode="json"),
    }  # fmt: skip
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _put(name: str, body: str, endpoints: Sequence[Endpoint]) -> Event:
    now = timezone.now()
    event = Event.objects.create(tenant_id=endpoints[0].tenant_id, type=name, body=body)
    Delivery.objects.bulk_create(
        Delivery(
            endpoint=endpoint,
            event=event,
            state=State.PENDING if endpoint.is_enabled else State.SKIPPED,
            finished_at=None if endpoint.is_enabled else now,
        )
        for endpoint in endpoints
    )
    for endpoint in endpoints:
        if endpoint.is_enabled:
            lanes.open_after_commit(endpoint_id=endpoint.pk)
    return event
