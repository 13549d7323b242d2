"""Endpoints: made, changed, switched, their secrets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core import external
from apps.core.actors import label_of
from apps.core.dns_api import DnsUnavailable
from apps.core.errors import Invalid, NotFound
from apps.tenants.access import permissions_of, require
from apps.tenants.models import Tenant
from apps.usage.plans import WEBHOOKS
from apps.usage.services import limits
from apps.webhooks import catalogue, signatures
from apps.webhooks.models import ALL_EVENTS, Endpoint
from apps.webhooks.services import health
from apps.webhooks.services.access import demand

OVERLAPS = (0, 24, 72)  # hours in which the former secret signs along
LONGEST_DESCRIPTION = 200


def create(
    *, tenant: Tenant, url: str, events: Collection[str], by: Any, description: str = ""
) -> Endpoint:
    """A new endpoint with its secret. Raises `Invalid`, `LimitReached`."""
    require("webhooks.create", by=by, tenant=tenant)
    url, chosen = url.strip(), sorted(set(events))
    _check(tenant, url, chosen, description, by)
    with schema_context("public"), transaction.atomic():
        limits.require(WEBHOOKS, tenant=tenant)
        endpoint = Endpoint.objects.create(
            tenant=tenant, url=url, events=chosen, description=description.strip(),
            created_by_label=label_of(by),
        )  # fmt: skip
        health.record("webhook.created", endpoint, by, events=chosen)
    return endpoint


def update(
    *,
    endpoint: Endpoint,
    by: Any,
    url: str | None = None,
    events: Collection[str] | None = None,
    description: str | None = None,
) -> Endpoint:
    """Change what is named. Raises `Invalid`."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(endpoint)
        before = {"url": locked.url, "events": locked.events, "description": locked.description}
        wished: dict[str, Any] = {
            "url": locked.url if url is None else url.strip(),
            "events": locked.events if events is None else sorted(set(events)),
            "description": locked.description if description is None else description.strip(),
        }
        if wished == before:
            return locked
        added = set(wished["events"]) - set(before["events"])
        # Somebody who may see less leaves in place what others chose.
        _check(locked.tenant, wished["url"], wished["events"], wished["description"], by, added)
        for name, value in wished.items():
            setattr(locked, name, value)
        locked.updated_at = timezone.now()
        locked.save(update_fields=[*wished, "updated_at"])
        changes = sorted(name for name, value in wished.items() if value != before[name])
        health.record("webhook.updated", locked, by, changes=changes)
    return locked


def remove(*, endpoint: Endpoint, by: Any) -> None:
    """Delete it with its log."""
    demand("webhooks.delete", endpoint=endpoint, by=by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(endpoint)
        health.record("webhook.deleted", locked, by)
        locked.delete()


def disable(*, endpoint: Endpoint, by: Any, reason: str = Endpoint.Reason.PERSON) -> Endpoint:
    """Send nothing to it any more; what comes meanwhile is kept as skipped."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(endpoint)
        health.switch_off(endpoint=locked, reason=reason, by=by)
    return locked


def enable(*, endpoint: Endpoint, by: Any) -> Endpoint:
    """Send to it again, from now on. What it missed is sent by `deliveries.replay_failed`."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(endpoint)
        if not locked.is_enabled:
            locked.disabled_at, locked.disabled_reason = None, ""
            locked.save(update_fields=["disabled_at", "disabled_reason"])
            health.clean_slate(endpoint=locked)
            health.record("webhook.switched_on", locked, by)
            locked.refresh_from_db()
    return locked


def rotate_secret(*, endpoint: Endpoint, by: Any, overlap_hours: int = 24) -> Endpoint:
    """A new secret; the former one signs along for `overlap_hours`, 0 ends it at once."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    if overlap_hours not in OVERLAPS:
        raise Invalid(errors={"overlap_hours": [f"Choose one of {', '.join(map(str, OVERLAPS))}."]})
    with schema_context("public"), transaction.atomic():
        locked = _lock(endpoint)
        now = timezone.now()
        locked.former_secret = locked.secret if overlap_hours else ""
        locked.former_until = now + timedelta(hours=overlap_hours) if overlap_hours else None
        locked.secret, locked.updated_at = signatures.new_secret(), now
        locked.save(update_fields=["secret", "former_secret", "former_until", "updated_at"])
        health.record("webhook.secret_rotated", locked, by, overlap_hours=overlap_hours)
    return locked


def show_secret(*, endpoint: Endpoint, by: Any) -> str:
    """The secret that signs now; that it was looked at is on record."""
    demand("webhooks.update", endpoint=endpoint, by=by)
    with schema_context("public"), transaction.atomic():
        health.record("webhook.secret_shown", endpoint, by)
    return str(endpoint.secret)


def find(*, tenant: Tenant, endpoint_id: Any) -> Endpoint:
    """Raises `NotFound` for another workspace's endpoint as for none."""
    rows = Endpoint.objects.select_related("tenant").filter(tenant=tenant, pk=endpoint_id)
    endpoint = rows.first()
    if endpoint is None:
        raise NotFound("There is no such webhook endpoint in this workspace.")
    return endpoint


def count() -> int:
    """How many the present workspace has."""
    from apps.core.database import connection

    return Endpoint.objects.of_workspace(connection.schema_name).count()


def _lock(endpoint: Endpoint) -> Endpoint:
    rows = Endpoint.objects.select_for_update(of=("self",)).select_related("tenant")
    locked = rows.filter(pk=endpoint.pk).first()
    if locked is None:
        raise NotFound("This endpoint was deleted.")
    return locked


def _check(
    tenant: Tenant,
    url: str,
    events: Collection[str],
    description: str,
    by: Any,
    added: Collection[str] | None = None,
) -> None:
    errors: dict[str, list[str]] = {}
    if problem := _against(url):
        errors["url"] = [problem]
    unknown = sorted(set(events) - set(catalogue.TYPES) - {ALL_EVENTS})
    if not events:
        errors["events"] = ["Choose one event at least."]
    elif unknown:
        errors["events"] = [f"There is no event {unknown[0]}."]
    elif hidden := _hidden(tenant, events if added is None else added, by):
        errors["events"] = [f"You may not see what these tell of: {', '.join(hidden)}."]
    if len(description) > LONGEST_DESCRIPTION:
        errors["description"] = [f"At most {LONGEST_DESCRIPTION} characters."]
    if errors:
        raise Invalid(errors=errors)


def _against(url: str) -> str:
    """What is wrong with the address, in a sentence; "" when it can be called."""
    try:
        external.check(url)
    except (external.AddressRefused, DnsUnavailable) as error:
        return error.detail
    return ""


def _hidden(tenant: Tenant, events: Collection[str], by: Any) -> list[str]:
    return catalogue.beyond(events, permissions_of(by, tenant=tenant)) if by is not None else []
