"""Where Stripe is told to send its events: endpoints at Stripe, and the rows that hold their
secrets.

Stripe says an endpoint's secret once, when it is made. To change it, a second endpoint is made
beside the first; both send everything, which does no harm, and the first goes when its time is up.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from djstripe.models import WebhookEndpoint

from apps.audit.services import entries as audit
from apps.core.errors import NotFound
from apps.payments import stripe_api
from apps.payments.errors import StripeObjectMissing
from apps.payments.event_types import EVENT_TYPES
from apps.payments.stripe_values import moment

DESCRIPTION: Final = "ToolBoxAI"
RETIRES: Final = "toolboxai_retires_at"  # in its metadata at Stripe: seconds since the epoch
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Ensured:
    endpoint: WebhookEndpoint
    did: str  # created, changed, or "" where all was well


def address(uuid: UUID) -> str:
    path = reverse("stripe_webhook", args=[uuid], urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return f"{settings.PUBLIC_URL.rstrip('/')}{path}"


def ours() -> QuerySet[WebhookEndpoint]:
    """Those with a secret, the newest first."""
    rows: QuerySet[WebhookEndpoint] = WebhookEndpoint.objects.exclude(secret="")
    return rows.order_by("-created")


def create(*, by: Any) -> WebhookEndpoint:
    """A new one at Stripe and its row. Raises `StripeError`."""
    uuid = uuid4()
    wish = {
        "url": address(uuid),
        "enabled_events": list(EVENT_TYPES),
        "api_version": stripe_api.API_VERSION,
        "description": DESCRIPTION,
        "metadata": {"djstripe_uuid": str(uuid)},
    }
    found = stripe_api.call(lambda api: api.webhook_endpoints.create(wish))
    with transaction.atomic():
        row = WebhookEndpoint.objects.create(
            djstripe_uuid=uuid, secret=found["secret"], **_fields(found)
        )
        _record("stripe_endpoint.created", row, by)
    return row


def ensure(*, by: Any) -> Ensured:
    """One that Stripe has, at our present address, for all that is declared: it is made, or made
    so, where it is not.
    """
    held = {found["id"]: found for found in stripe_api.pages("webhook_endpoints")}
    row = next((row for row in ours() if row.id in held and not _retires(held[row.id])), None)
    if row is None:
        return Ensured(create(by=by), "created")
    found = held[row.id]
    wanted = {"url": address(row.djstripe_uuid), "enabled_events": list(EVENT_TYPES)}
    is_right = found["url"] == wanted["url"] and set(found["enabled_events"]) == set(EVENT_TYPES)
    if is_right and found["status"] == "enabled":
        _write(row, found)
        return Ensured(row, "")
    found = _update(row, {**wanted, "disabled": False})
    with transaction.atomic():
        _write(row, found)
        _record("stripe_endpoint.changed", row, by)
    return Ensured(row, "changed")


def rotate(*, by: Any, overlap: timedelta = OVERLAP) -> WebhookEndpoint:
    """A new endpoint with a new secret; those there are go after `overlap`, by `retire_due`.
    Returns the new one.
    """
    former = [row for row in ours() if not _retires({"metadata": row.metadata or {}})]
    made = create(by=by)
    at = timezone.now() + overlap
    for row in former:
        found = _update(row, {"metadata": {RETIRES: str(int(at.timestamp()))}})
        with transaction.atomic():
            _write(row, found)
            _record("stripe_endpoint.retiring", row, by, until=at.isoformat())
    retire_due()
    return made


def remove(*, endpoint: WebhookEndpoint, by: Any) -> None:
    """At Stripe, and its row: nothing comes in there any more."""
    with suppress(StripeObjectMissing):
        stripe_api.call(lambda api: api.webhook_endpoints.delete(endpoint.id))
    with transaction.atomic():
        _record("stripe_endpoint.removed", endpoint, by)
        endpoint.delete()


def find(endpoint_id: str) -> WebhookEndpoint:
    """By Stripe's id. Raises `NotFound`."""
    row: WebhookEndpoint | None = WebhookEndpoint.objects.filter(id=endpoint_id).first()
    if row is None:
        raise NotFound("There is no such endpoint; `manage.py billing endpoints` lists them.")
    return row


def watch() -> int:
    """See how our endpoints stand at Stripe, which switches off one that fails for days, and
    remove those whose time is up. Returns how many are switched off or gone there.
    """
    retire_due()
    held = {found["id"]: found for found in stripe_api.pages("webhook_endpoints")}
    missing = 0
    for row in ours():
        found = held.get(row.id)
        _write(row, found or {**row.stripe_data, "status": "disabled"})
        missing += row.status != "enabled"
    return missing


def retire_due() -> int:
    """Remove those whose time is up; returns how many."""
    now = timezone.now()
    due = [row for row in ours() if (at := retires_at(row)) and at <= now]
    for row in due:
        remove(endpoint=row, by=None)
    return len(due)


def retires_at(row: WebhookEndpoint) -> datetime | None:
    """When it is to go; None for one that stays."""
    at = _retires({"metadata": row.metadata or {}})
    return moment(at or None)


def _retires(found: Mapping[str, Any]) -> int:
    return int(found["metadata"].get(RETIRES) or 0)


def _fields(found: Mapping[str, Any]) -> dict[str, Any]:
    """What Stripe says of an endpoint, in the columns of dj-stripe."""
    shown = {name: value for name, value in found.items() if name != "secret"}
    return {
        "id": found["id"], "url": found["url"], "status": found["status"],
        "enabled_events": found["enabled_events"], "api_version": found["api_version"] or "",
        "livemode": found["livemode"], "metadata": dict(found["metadata"] or {}),
        "created": moment(found["created"]), "stripe_data": shown,
    }  # fmt: skip


def _update(row: WebhookEndpoint, wish: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = stripe_api.call(lambda api: api.webhook_endpoints.update(row.id, wish))
    return found


def _write(row: WebhookEndpoint, found: Mapping[str, Any]) -> None:
    for name, value in _fields(found).items():
        setattr(row, name, value)
    row.save()


def _record(action: str, row: WebhookEndpoint, by: Any, **data: Any) -> None:
    audit.record(action=action, by=by, schema_name="public", target=row, label=row.id, data=data)
