"""One attempt, and what follows from its outcome."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core import external
from apps.core.errors import NotFound, VendorError
from apps.core.outgoing import Reply, Timeouts
from apps.realtime import publisher
from apps.realtime.events import WebhookAttempted
from apps.tenants.models import Tenant
from apps.webhooks import schedule, signatures
from apps.webhooks.models import Attempt, Delivery, Endpoint
from apps.webhooks.services import health

State = Delivery.State
PATIENCE = Timeouts(connect=5, read=15, write=15, total=20)
KEPT_BODY = 4 * 1024
KEPT_HEADERS, KEPT_VALUE = 40, 500
GONE = 410

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a call. `reply` is missing when there was no answer; `wish` is its
    `retry-after` in seconds.
    """

    sent: dict[str, str]
    milliseconds: int
    reply: Reply | None = None
    problem: str = ""
    wish: float | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        return not self.problem

    @property
    def label(self) -> str:
        """For metrics: the class of the answer, or that there was none."""
        if self.reply is None:
            return "no_answer"
        return f"{self.reply.status // 100}xx" if 200 <= self.reply.status < 600 else "other"  # noqa: PLR2004


def attempt(*, delivery: Delivery) -> bool:
    """Send a held delivery once and note what came of it. False when nothing was to be done.

    At least once: should the process die between the answer and the note, it is sent again under
    the same `webhook-id`.
    """
    endpoint = delivery.endpoint
    if endpoint.tenant.state == Tenant.State.PURGING:
        return False
    outcome = call(delivery=delivery)
    log.info(
        "webhook_attempt", endpoint=str(endpoint.pk), delivery=str(delivery.pk),
        outcome=outcome.label, milliseconds=outcome.milliseconds,
    )  # fmt: skip
    with transaction.atomic():
        locked = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if locked is None:
            return False
        _note(locked, endpoint, outcome)
        _move(locked, outcome)
        health.note(endpoint=endpoint, outcome=outcome)
        publisher.publish(
            WebhookAttempted(
                schema_name=endpoint.tenant.schema_name, endpoint_id=endpoint.pk,
                delivery_id=locked.pk, state=locked.state,
            )
        )  # fmt: skip
    return True


def call(*, delivery: Delivery) -> Outcome:
    """The request itself, signed at this moment."""
    endpoint, body = delivery.endpoint, delivery.event.body.encode()
    now = timezone.now()
    headers = signatures.headers(
        message=delivery.event.message_id, at=now, body=body, keys=endpoint.secrets(now)
    )
    started = time.monotonic()
    reply, problem, wish = None, "", None
    try:
        reply = external.request(
            "POST", endpoint.url, headers=headers, content=body, timeout=PATIENCE,
            largest=KEPT_BODY, cut=True,
        )  # fmt: skip
    except VendorError as error:
        reply, problem, wish = getattr(error, "reply", None), error.detail, error.retry_after
    took = round((time.monotonic() - started) * 1000)
    return Outcome(headers, took, reply, problem, wish, _kept(reply))


def find(*, endpoint: Endpoint, delivery_id: Any) -> Delivery:
    """Raises `NotFound` for another endpoint's delivery as for none."""
    rows = Delivery.objects.select_related("event", "endpoint__tenant").prefetch_related("log")
    found = rows.filter(endpoint=endpoint, pk=delivery_id).first()
    if found is None:
        raise NotFound("There is no such delivery at this endpoint.")
    return found


def _note(locked: Delivery, endpoint: Endpoint, outcome: Outcome) -> None:
    reply = outcome.reply
    Attempt.objects.create(
        delivery=locked, number=locked.attempts + 1, url=endpoint.url,
        request_headers=outcome.sent, headers=outcome.headers, problem=outcome.problem[:300],
        status=reply.status if reply else None, milliseconds=outcome.milliseconds,
        body=reply.text.replace("\x00", "\ufffd") if reply else "",
    )  # fmt: skip


def _move(locked: Delivery, outcome: Outcome) -> None:
    now = timezone.now()
    locked.attempts, locked.held_until = F("attempts") + 1, None
    locked.status = outcome.reply.status if outcome.reply else None
    wait: timedelta | None = None
    if outcome.is_success:
        locked.state, locked.finished_at = State.SUCCEEDED, now
    else:
        wait = schedule.wait_after(locked.step, wish=outcome.wish)
        if wait is None or locked.status == GONE:
            locked.state, locked.finished_at = State.FAILED, now
        else:
            locked.state, locked.finished_at = State.PENDING, None
            locked.due_at, locked.step = now + wait, locked.step + 1
    locked.save()


def _kept(reply: Reply | None) -> dict[str, str]:
    headers = list(reply.headers.items())[:KEPT_HEADERS] if reply else []
    return {name[:100]: text[:KEPT_VALUE].replace("\x00", "") for name, text in headers}
