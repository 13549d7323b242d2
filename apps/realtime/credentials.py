"""Workspaces' applications as the endpoint knows them, read anew each time: what was revoked opens
nothing from that commit on.
"""

from __future__ import annotations

from django.utils import timezone
from django_tenants.utils import schema_context

from apps.realtime.applications import Application
from apps.realtime.models import RealtimeApp
from apps.tenants.models import Tenant
from apps.usage.plans import CONNECTIONS
from apps.usage.services import limits


def find(key: str) -> Application | None:
    with schema_context("public"):
        rows = RealtimeApp.objects.of_key(key, timezone.now()).select_related("tenant")
        app = rows.first()
        return _as_application(app, key) if app else None


def exists(app_id: str) -> bool:
    with schema_context("public"):
        return RealtimeApp.objects.filter(app_id=app_id).exists()


def _as_application(app: RealtimeApp, key: str) -> Application:
    is_present = app.key == key
    payer, most = limits.ceiling_of(CONNECTIONS, tenant=app.tenant)
    allowed = limits.plan_of(payer).realtime
    return Application(
        app.app_id,
        key,
        str(app.secret if is_present else app.former_secret),
        workspace=app.tenant.schema_name,
        is_enabled=app.state == "active" and app.tenant.state == Tenant.State.ACTIVE,
        is_read_only=app.tenant.is_read_only,
        client_events=app.client_events,
        tells_counts=app.subscription_counts,
        origins=tuple(app.origins),
        payer=payer.schema_name,
        max_connections=most,
        max_data_bytes=allowed["data_bytes"],
        max_channels=allowed["channels"],
        ends_at=None if is_present else app.former_until,
    )
