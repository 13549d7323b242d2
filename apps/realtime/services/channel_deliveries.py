"""Batches of events on their way to customers' servers, and what came of each.

A batch is sent at least once, signed at that moment, and tried again for five minutes; it can be
sent again by hand for as long as it is kept.

https://pusher.com/docs/channels/server_api/webhooks/
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.core import external
from apps.core.actors import label_of
from apps.core.errors import NotFound, VendorError
from apps.core.ids import uuid7
from apps.core.outgoing import Reply, Timeouts
from apps.realtime import applications, metering, protocol, publisher, signatures
from apps.realtime.applications import Application
from apps.realtime.errors import ChannelWebhookOff, DeliveryUnderWay, NotTaken
from apps.realtime.events import ChannelWebhookAttempted
from apps.realtime.models import ChannelDelivery, ChannelWebhook, RealtimeApp
from apps.realtime.services import channel_webhooks
from apps.tenants.access import require

TRIED_FOR: Final = timedelta(minutes=5)  # as Pusher does
DISABLE_AFTER: Final = timedelta(days=5)  # of failures alone
KEPT_FOR: Final = timedelta(days=3)
KEPT_OF_WEBHOOK: Final = 1_000
PATIENCE: Final = Timeouts(connect=5, read=10, write=10, total=15)
KEPT_ANSWER: Final = 1_024
GONE: Final = 410
TEST: Final = "test"
State = ChannelDelivery.State

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a call. `error` is empty when it was taken; `reply` when nobody answered."""

    milliseconds: int
    reply: Reply | None = None
    error: VendorError | None = None


def put(
    *, webhook: ChannelWebhook, batch: str, events: list[dict[str, Any]], by: Any = None
) -> ChannelDelivery:
    """Have these events sent, in the caller's transaction; once for each name of a batch."""
    delivery, is_new = ChannelDelivery.objects.get_or_create(
        webhook=webhook,
        batch=batch,
        defaults={
            "events": protocol.to_json(events), "count": len(events),
            "kinds": sorted({event["name"] for event in events}),
            "asked_by_label": label_of(by, nobody=""),
        },
    )  # fmt: skip
    if is_new:
        _enqueue(delivery)
    return delivery


def send_test(*, webhook: ChannelWebhook, by: Any) -> ChannelDelivery:
    """Send a batch whose one event says nothing but that it is a test. Raises
    `ChannelWebhookOff`.
    """
    _demand(webhook, by)
    event = {"name": TEST, "channel": f"{webhook.channel_prefix}{TEST}"[:200]}
    with schema_context("public"), transaction.atomic():
        delivery = put(webhook=webhook, batch=f"{TEST}-{uuid7()}", events=[event], by=by)
        channel_webhooks.record("tested", webhook, by)
    return delivery


def resend(*, delivery: ChannelDelivery, by: Any) -> ChannelDelivery:
    """Send it once more, whatever became of it. Raises `ChannelWebhookOff`, `NotFound` for one
    that is no longer kept, and `DeliveryUnderWay` while it is still on its way.
    """
    _demand(delivery.webhook, by)
    with schema_context("public"), transaction.atomic():
        locked = ChannelDelivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if locked is None:
            raise NotFound("This delivery is no longer kept.")
        if locked.is_pending:
            raise DeliveryUnderWay("It is on its way already.")
        locked.state, locked.finished_at = State.PENDING, None
        locked.began_at, locked.asked_by_label = timezone.now(), label_of(by)
        locked.round += 1
        locked.save()
        _enqueue(locked)
        channel_webhooks.record("resent", locked.webhook, by, batch=locked.batch)
    return locked


def find(*, webhook: ChannelWebhook, delivery_id: Any) -> ChannelDelivery:
    """Raises `NotFound`."""
    found = ChannelDelivery.objects.select_related("webhook").filter(
        webhook=webhook, pk=delivery_id
    )
    delivery = found.first()
    if delivery is None:
        raise NotFound("There is no such delivery of this webhook.")
    return delivery


def send(*, delivery_id: str, is_last: bool) -> dict[str, Any]:
    """Send a batch once. Raises `NotTaken` where it makes sense to try again."""
    delivery = ChannelDelivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None or not delivery.is_pending:
        return {"delivered": False, "problem": "There is nothing to send any more."}
    application = _application(delivery.webhook.app_id)
    if application is None or not delivery.webhook.is_enabled:
        problem = "The app or the webhook is switched off."
        _finish(delivery, State.FAILED, problem=problem)
        return {"delivered": False, "problem": problem}
    outcome = _call(delivery, application)
    again = not is_last and _may_try_again(delivery, outcome)
    with transaction.atomic():
        _note(delivery, outcome, again=again)
    error = outcome.error
    if error is None:
        return {"delivered": True}
    if again:
        wish = error.retry_after and min(error.retry_after, TRIED_FOR.total_seconds())
        raise NotTaken(error.detail, retry_after=wish) from error
    return {"delivered": False, "problem": error.detail}


def forget() -> int:
    """Delete what is older than three days or has a thousand newer ones; returns how many."""
    with schema_context("public"):
        old = ChannelDelivery.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
        count = old.delete()[0]
        for webhook in ChannelWebhook.objects.order_by().values_list("pk", flat=True):
            rows = ChannelDelivery.objects.filter(webhook=webhook).order_by("-id")
            for last in rows.values_list("pk", flat=True)[KEPT_OF_WEBHOOK : KEPT_OF_WEBHOOK + 1]:
                count += rows.filter(pk__lte=last).delete()[0]
    return count


def _demand(webhook: ChannelWebhook, by: Any) -> None:
    tenant = channel_webhooks.tenant_of(webhook)
    if tenant is not None:
        require("realtime_apps.update", by=by, tenant=tenant)
    if not webhook.is_enabled:
        raise ChannelWebhookOff("Switch the webhook on first.")


def _enqueue(delivery: ChannelDelivery) -> None:
    from apps.realtime.tasks import tell

    tell.enqueue(by=None, schema_name="public", delivery_id=str(delivery.pk), round=delivery.round)


def _application(app_id: str) -> Application | None:
    """The application with its present key; None where it is gone or switched off."""
    own = applications.product()
    if app_id == own.id:
        return own
    app = RealtimeApp.objects.filter(app_id=app_id).first()
    found = applications.find_by_key(app.key) if app else None
    return found if found and found.is_enabled else None


def _call(delivery: ChannelDelivery, application: Application) -> Outcome:
    """Receivers' libraries refuse a time older than five minutes, so it is this moment's."""
    time_ms = int(timezone.now().timestamp() * 1000)
    body = protocol.to_json({"time_ms": time_ms, "events": json.loads(delivery.events)})
    headers = {
        "content-type": "application/json",
        "x-pusher-key": application.key,
        "x-pusher-signature": signatures.sign(application.secret, body),
    }
    started, reply, problem = time.monotonic(), None, None
    try:
        reply = external.request(
            "POST", delivery.webhook.url, headers=headers, content=body.encode(),
            timeout=PATIENCE, largest=KEPT_ANSWER, cut=True,
        )  # fmt: skip
    except VendorError as error:
        reply, problem = getattr(error, "reply", None), error
    _count(application)
    return Outcome(round((time.monotonic() - started) * 1000), reply, problem)


def _count(application: Application) -> None:
    """Each call of a webhook is a message."""
    try:
        metering.count(application)
    except RedisError as error:
        log.warning("realtime_message_not_counted", error=type(error).__name__)


def _may_try_again(delivery: ChannelDelivery, outcome: Outcome) -> bool:
    is_hopeless = isinstance(outcome.error, external.AddressRefused) or _is_gone(outcome)
    is_late = timezone.now() - delivery.began_at > TRIED_FOR
    return outcome.error is not None and not is_hopeless and not is_late


def _note(delivery: ChannelDelivery, outcome: Outcome, *, again: bool) -> None:
    delivery.attempts += 1
    delivery.milliseconds = outcome.milliseconds
    delivery.status = outcome.reply.status if outcome.reply else None
    body = outcome.reply.content if outcome.reply else b""
    delivery.answer = body[:KEPT_ANSWER].decode(errors="replace").replace("\x00", "\ufffd")
    problem = outcome.error.detail[:300] if outcome.error else ""
    if again:
        delivery.problem = problem
        delivery.save()
    else:
        _finish(delivery, State.FAILED if outcome.error else State.SUCCEEDED, problem=problem)
    _note_health(delivery.webhook, outcome, problem)
    _tell_page(delivery)


def _finish(delivery: ChannelDelivery, state: str, *, problem: str = "") -> None:
    delivery.state, delivery.problem = state, problem
    delivery.finished_at = timezone.now()
    delivery.save()


def _note_health(webhook: ChannelWebhook, outcome: Outcome, problem: str) -> None:
    rows, now = ChannelWebhook.objects.filter(pk=webhook.pk), timezone.now()
    if outcome.error is None:
        rows.update(last_success_at=now, failing_since=None, failures=0, problem="")
        return
    locked = rows.select_for_update().first()
    if locked is None:
        return
    locked.problem, locked.failures = problem, locked.failures + 1
    locked.failing_since = locked.failing_since or now
    locked.save(update_fields=["problem", "failures", "failing_since"])
    log.info("channel_webhook_failed", webhook=str(locked.pk), problem=problem)
    if _is_gone(outcome):
        channel_webhooks.switch_off(webhook=locked, reason=ChannelWebhook.Reason.GONE)
    elif now - locked.failing_since >= DISABLE_AFTER:
        channel_webhooks.switch_off(webhook=locked, reason=ChannelWebhook.Reason.FAILING)


def _is_gone(outcome: Outcome) -> bool:
    """RFC 9110, 15.5.11: whoever answers so does not want to be asked again."""
    return outcome.reply is not None and outcome.reply.status == GONE


def _tell_page(delivery: ChannelDelivery) -> None:
    """Of what somebody waits for in front of a page; the others would be an event every second."""
    tenant = channel_webhooks.tenant_of(delivery.webhook)
    if tenant is not None and delivery.asked_by_label:
        publisher.publish(
            ChannelWebhookAttempted(
                schema_name=tenant.schema_name, webhook_id=delivery.webhook_id,
                delivery_id=delivery.pk, state=delivery.state,
            )
        )  # fmt: skip
