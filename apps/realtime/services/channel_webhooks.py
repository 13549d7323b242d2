"""Servers that are told of an application's channels: added, changed, switched, removed.

Those of workspaces' own applications are theirs (`realtime_apps.update`); those of the product's
are the operators' (`by` is then one of them, or None for a command).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.audit.services import entries as audit
from apps.core import external
from apps.core.actors import label_of
from apps.core.dns_api import DnsUnavailable
from apps.core.errors import Invalid, NotFound
from apps.realtime import protocol, signals
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.realtime.news import KINDS
from apps.tenants.access import require
from apps.tenants.models import Tenant

MOST_OF_APPLICATION: Final = 5
Reason = ChannelWebhook.Reason

log = structlog.get_logger(__name__)


def add(
    *, app_id: str, url: str, events: Collection[str], by: Any, channel_prefix: str = ""
) -> ChannelWebhook:
    """A server at `url` is told of these kinds of events, in channels whose names begin with
    `channel_prefix`, from now on. `app_id` is the application's public number. Raises `Invalid`.
    """
    _demand(app_id, by)
    found = _checked(url=url, events=events, channel_prefix=channel_prefix)
    with schema_context("public"), transaction.atomic():
        _one_at_a_time(app_id)
        if ChannelWebhook.objects.filter(app_id=app_id).count() >= MOST_OF_APPLICATION:
            raise Invalid(f"An app has {MOST_OF_APPLICATION} webhooks at most.")
        webhook = ChannelWebhook.objects.create(
            app_id=app_id, created_by_label=label_of(by), **found
        )
        record("added", webhook, by, events=webhook.events)
    return webhook


def update(*, webhook: ChannelWebhook, by: Any, **changes: Any) -> ChannelWebhook:
    """Change any of `url`, `events`, `channel_prefix`. Raises `Invalid`."""
    _demand(webhook.app_id, by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(webhook)
        wished = {name: value for name, value in changes.items() if value is not None}
        found = _checked(**wished)
        changed = [name for name in found if getattr(locked, name) != found[name]]
        if changed:
            for name in changed:
                setattr(locked, name, found[name])
            locked.save(update_fields=changed)
            record("updated", locked, by, changes=sorted(changed))
    return locked


def switch(*, webhook: ChannelWebhook, on: bool, by: Any) -> ChannelWebhook:
    """While it is off nothing is kept for it. Switching it on forgets how it fared."""
    _demand(webhook.app_id, by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(webhook)
        if on and not locked.is_enabled:
            locked.disabled_at, locked.disabled_reason = None, ""
            locked.failing_since, locked.failures, locked.problem = None, 0, ""
            locked.save()
            record("switched_on", locked, by)
        elif not on:
            switch_off(webhook=locked, reason=Reason.PERSON, by=by)
    return locked


def switch_off(*, webhook: ChannelWebhook, reason: str, by: Any = None) -> None:
    """In the transaction of whoever found a reason. The workspace's owners are told, unless
    somebody of theirs did it.
    """
    rows = ChannelWebhook.objects.enabled().filter(pk=webhook.pk)
    if not rows.update(disabled_at=timezone.now(), disabled_reason=reason):
        return
    webhook.refresh_from_db()
    record("switched_off", webhook, by, reason=reason)
    tenant = tenant_of(webhook)
    if reason != Reason.PERSON and tenant is not None:
        signals.channel_webhook_given_up.send(sender=ChannelWebhook, webhook=webhook, tenant=tenant)


def remove(*, webhook: ChannelWebhook, by: Any) -> None:
    """The server is told nothing more; what was sent to it is forgotten."""
    _demand(webhook.app_id, by)
    with schema_context("public"), transaction.atomic():
        locked = _lock(webhook)
        record("removed", locked, by, events=locked.events)
        locked.delete()


def find(*, tenant: Tenant, webhook_id: Any) -> ChannelWebhook:
    """Raises `NotFound` for another workspace's as for none."""
    webhook = ChannelWebhook.objects.of_tenant(tenant).filter(pk=webhook_id).first()
    if webhook is None:
        raise NotFound("There is no such channel webhook in this workspace.")
    return webhook


def of(app: RealtimeApp) -> QuerySet[ChannelWebhook]:
    return ChannelWebhook.objects.filter(app_id=app.app_id)


def tenant_of(webhook: ChannelWebhook) -> Tenant | None:
    """Whose app it belongs to; None for the product's own."""
    app = RealtimeApp.objects.select_related("tenant").filter(app_id=webhook.app_id).first()
    return app.tenant if app else None


def record(deed: str, webhook: ChannelWebhook, by: Any, **data: Any) -> None:
    """Where the workspace of the application sees it; the product's own is the operators'."""
    tenant = tenant_of(webhook)
    audit.record(
        action=f"channel_webhook.{deed}", by=by, target=webhook,
        schema_name=tenant.schema_name if tenant else "public",
        data={"app_id": webhook.app_id, **data},
    )  # fmt: skip
    transaction.on_commit(_announce)


def _announce() -> None:
    """Without Redis `webhooks.collect` does so, when it is back."""
    from apps.realtime import webhooks

    try:
        with schema_context("public"):
            webhooks.write_wishes()
    except RedisError as error:
        log.warning("channel_wishes_not_written", error=type(error).__name__)


def _demand(app_id: str, by: Any) -> None:
    app = RealtimeApp.objects.select_related("tenant").filter(app_id=app_id).first()
    if app is not None:
        require("realtime_apps.update", by=by, tenant=app.tenant)


def _lock(webhook: ChannelWebhook) -> ChannelWebhook:
    locked = ChannelWebhook.objects.select_for_update().filter(pk=webhook.pk).first()
    if locked is None:
        raise NotFound("This webhook was removed.")
    return locked


def _one_at_a_time(app_id: str) -> None:
    """Whoever adds to the same application waits for the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 80954))", [app_id])


def _checked(**given: Any) -> dict[str, Any]:
    """The given fields as they are stored, or `Invalid` with all that is wrong."""
    errors: dict[str, list[str]] = {}
    found = dict(given)
    if "events" in given:
        found["events"] = sorted(set(given["events"]))
        if not found["events"] or not set(found["events"]) <= set(KINDS):
            errors["events"] = [f"Choose among {', '.join(KINDS)}."]
    if "channel_prefix" in given:
        found["channel_prefix"] = given["channel_prefix"].strip()
        if found["channel_prefix"] and not protocol.is_channel_name(found["channel_prefix"]):
            errors["channel_prefix"] = ["A channel's name has letters, digits and -_=@,.; only."]
    if "url" in given:
        found["url"] = given["url"].strip()
        try:
            external.check(found["url"])
        except (external.AddressRefused, DnsUnavailable) as error:
            errors["url"] = [error.detail]
    if errors:
        raise Invalid(errors=errors)
    return found
