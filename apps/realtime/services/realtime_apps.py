"""Workspaces' own realtime applications: made, changed, their keys exchanged, removed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Invalid, NotFound
from apps.realtime import broadcast
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.tenants.access import Operator, require
from apps.tenants.models import Tenant
from apps.usage.plans import REALTIME_APPS
from apps.usage.services import limits

OVERLAPS: Final = (0, 1, 24, 168)  # hours in which the former key works on
LONGEST_NAME: Final = 80
MOST_ORIGINS: Final = 20
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?\Z")

log = structlog.get_logger(__name__)


def create(
    *,
    tenant: Tenant,
    name: str,
    by: Any,
    client_events: bool = False,
    subscription_counts: bool = False,
    origins: Collection[str] = (),
) -> RealtimeApp:
    """A new application with its key and secret. Raises `Invalid`, `LimitReached`."""
    require("realtime_apps.create", by=by, tenant=tenant)
    found = _checked(
        name=name, client_events=client_events, subscription_counts=subscription_counts,
        origins=origins,
    )  # fmt: skip
    with schema_context("public"), transaction.atomic():
        limits.require(REALTIME_APPS, tenant=tenant)
        app = RealtimeApp.objects.create(
            tenant=tenant, app_id=_new_app_id(), key=secrets.token_hex(10),
            secret=secrets.token_hex(20), created_by_label=label_of(by),
            **found,
        )  # fmt: skip
        _record("created", app, by)
    return app


def update(*, app: RealtimeApp, by: Any, **changes: Any) -> RealtimeApp:
    """Change any of `name`, `client_events`, `subscription_counts`, `origins`. Connections that
    are open heed it within a second. Raises `Invalid`.
    """
    require("realtime_apps.update", by=by, tenant=app.tenant)
    found = _checked(**changes)
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        before = {n: getattr(locked, n) for n in found if getattr(locked, n) != found[n]}
        if before:
            _write(locked, **{name: found[name] for name in before})
            about = {name: [value, found[name]] for name, value in before.items()}
            _record("updated", locked, by, **about)
    return locked


def switch(*, app: RealtimeApp, on: bool, by: Any) -> RealtimeApp:
    """While it is off nobody is let in (4003), and who is connected is closed."""
    require("realtime_apps.update", by=by, tenant=app.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        if on == bool(locked.disabled_at):
            _write(locked, disabled_at=None if on else timezone.now())
            _record("switched_on" if on else "switched_off", locked, by)
    return locked


def close(*, app: RealtimeApp, reason: str, by: Operator) -> RealtimeApp:
    """Operators alone: nobody is let in until they open it again, whatever the workspace does."""
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        if not locked.closed_at:
            _write(locked, closed_at=timezone.now(), closed_reason=reason)
            _record("closed", locked, by, reason=reason)
    return locked


def open_again(*, app: RealtimeApp, reason: str, by: Operator) -> RealtimeApp:
    """Undo `close`; one that its workspace has switched off stays so."""
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        if locked.closed_at:
            _write(locked, closed_at=None, closed_reason="")
            _record("opened", locked, by, reason=reason)
    return locked


def rotate(*, app: RealtimeApp, by: Any, overlap_hours: int = 24) -> RealtimeApp:
    """A new key and secret; the present ones work for `overlap_hours` longer, 0 ends them and
    their connections at once, as it does with earlier ones. Raises `Invalid`.
    """
    require("realtime_apps.update", by=by, tenant=app.tenant)
    if overlap_hours not in OVERLAPS:
        raise Invalid(errors={"overlap_hours": [f"Choose one of {', '.join(map(str, OVERLAPS))}."]})
    now = timezone.now()
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        _write(
            locked,
            former_key=locked.key if overlap_hours else None,
            former_secret=locked.secret if overlap_hours else "",
            former_until=now + timedelta(hours=overlap_hours) if overlap_hours else None,
            key=secrets.token_hex(10), secret=secrets.token_hex(20), rotated_at=now,
        )  # fmt: skip
        _record("key_rotated", locked, by, overlap_hours=overlap_hours)
    return locked


def end_former(*, app: RealtimeApp, by: Any) -> RealtimeApp:
    """Have the key before the last rotation, and its connections, end now."""
    require("realtime_apps.update", by=by, tenant=app.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        if locked.is_overlapping:
            _write(locked, former_key=None, former_secret="", former_until=None)
            _record("former_key_ended", locked, by)
    return locked


def remove(*, app: RealtimeApp, by: Any) -> None:
    """Delete it; its keys are refused and its connections closed within a second."""
    require("realtime_apps.delete", by=by, tenant=app.tenant)
    with schema_context("public"), transaction.atomic():
        locked = _lock(app)
        _record("deleted", locked, by)
        ChannelWebhook.objects.filter(app_id=locked.app_id).delete()
        locked.delete()
        transaction.on_commit(lambda: announce([locked.app_id]))


def find(*, tenant: Tenant, app_id: Any) -> RealtimeApp:
    """By its row's id. Raises `NotFound` for another workspace's as for none."""
    app = of(tenant).filter(pk=app_id).first()
    if app is None:
        raise NotFound("There is no such realtime app in this workspace.")
    return app


def of(tenant: Tenant) -> QuerySet[RealtimeApp]:
    return RealtimeApp.objects.filter(tenant=tenant).select_related("tenant")


def count() -> int:
    """How many the present workspace has."""
    from apps.core.database import connection

    return RealtimeApp.objects.filter(tenant__schema_name=connection.schema_name).count()


def announce(app_ids: Collection[str]) -> None:
    """Have every process look at these applications anew. Without Redis nothing is lost: then
    each process has every client come back, and looks then.
    """
    try:
        broadcast.send_all(broadcast.changed(app_id) for app_id in app_ids)
    except RedisError as error:
        log.warning("realtime_change_not_announced", error=type(error).__name__)


def _lock(app: RealtimeApp) -> RealtimeApp:
    rows = RealtimeApp.objects.select_for_update(of=("self",)).select_related("tenant")
    locked = rows.filter(pk=app.pk).first()
    if locked is None:
        raise NotFound("This realtime app was deleted.")
    return locked


def _write(app: RealtimeApp, **values: Any) -> None:
    for name, value in values.items():
        setattr(app, name, value)
    app.save(update_fields=list(values))
    transaction.on_commit(lambda: announce([app.app_id]))


def _record(deed: str, app: RealtimeApp, by: Any, **data: Any) -> None:
    audit.record(
        action=f"realtime_app.{deed}", by=by, schema_name=app.tenant.schema_name, target=app,
        data=data,
    )  # fmt: skip


def _new_app_id() -> str:
    """Never the product's own; that two are alike is for the constraint to refuse."""
    while (app_id := str(10**9 + secrets.randbelow(9 * 10**9))) == settings.PUSHER_APP_ID:
        pass
    return app_id


def _checked(**given: Any) -> dict[str, Any]:
    """The given fields as they are stored, or `Invalid` with all that is wrong."""
    errors: dict[str, list[str]] = {}
    found = dict(given)
    if "name" in given:
        found["name"] = str(given["name"]).strip()
        if not 0 < len(found["name"]) <= LONGEST_NAME:
            errors["name"] = ["Give it a name of 1 to 80 characters."]
    if "origins" in given:
        found["origins"] = sorted(
            {str(each).strip().lower().rstrip("/") for each in given["origins"]}
        )
        wrong = [each for each in found["origins"] if not _ORIGIN.match(each)]
        if wrong:
            errors["origins"] = [f"Write {wrong[0]} as https://example.com, without a path."]
        elif len(found["origins"]) > MOST_ORIGINS:
            errors["origins"] = [f"Name {MOST_ORIGINS} pages at most."]
    if errors:
        raise Invalid(errors=errors)
    return found
