"""Telling customers' servers what happens in their channels, as Pusher does.

Processes with sockets write it to a stream in Redis (`news`); from there it goes in batches into
jobs, which outlive Redis, and from those to the servers. A batch is sent at least once.

https://pusher.com/docs/channels/server_api/webhooks/
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, cast

import structlog
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.audit.services import entries as audit
from apps.core import external
from apps.core.dns_api import DnsUnavailable
from apps.core.errors import Invalid, VendorError
from apps.core.outgoing import Timeouts
from apps.realtime import applications, keys, protocol, redis_clients, signatures
from apps.realtime.applications import Application
from apps.realtime.models import ChannelWebhook, RealtimeApp
from apps.realtime.news import KINDS

log = structlog.get_logger(__name__)

MOST_OF_APPLICATION: Final = 5
BATCH: Final = 50  # events
READ_AT_ONCE: Final = 500
# Whoever is back within this, as on the way to the next page, has not been away.
LINGER_MS: Final = 3_000
UNDONE_BY: Final = {"channel_vacated": "channel_occupied", "member_removed": "member_added"}
# Receivers' libraries refuse what is older.
TRIED_FOR: Final = timedelta(minutes=5)
PATIENCE: Final = Timeouts(connect=5, read=10, write=10, total=15)
KEPT_ANSWER: Final = 1_024


class Entry(NamedTuple):
    """One thing that happened; `id` is the stream's and begins with the time in milliseconds."""

    id: str
    event: dict[str, Any]

    @property
    def at(self) -> int:
        return int(self.id.partition("-")[0])

    @property
    def subject(self) -> tuple[str, str | None]:
        return self.event["channel"], self.event.get("user_id")


class NotTaken(VendorError):
    """The server did not answer with 2xx; later it may."""

    code = "channel_webhook_not_taken"
    title = "The webhook was not taken"


def add(*, app_id: str, url: str, events: Collection[str], by: Any) -> ChannelWebhook:
    """A server at `url` is told of these kinds of events from now on. Raises `Invalid`."""
    url, chosen = url.strip(), sorted(set(events))
    if not chosen or not set(chosen) <= set(KINDS):
        raise Invalid(errors={"events": [f"Choose among {', '.join(KINDS)}."]})
    try:
        external.check(url)
    except (external.AddressRefused, DnsUnavailable) as error:
        raise Invalid(errors={"url": [error.detail]}) from error
    with schema_context("public"), transaction.atomic():
        if ChannelWebhook.objects.filter(app_id=app_id).count() >= MOST_OF_APPLICATION:
            raise Invalid(f"An app has {MOST_OF_APPLICATION} webhooks at most.")
        webhook = ChannelWebhook.objects.create(
            app_id=app_id, url=url, events=chosen,
            created_by_label=str(getattr(by, "email", "system")),
        )  # fmt: skip
        _record("added", webhook, by)
    return webhook


def remove(*, webhook: ChannelWebhook, by: Any) -> None:
    """The server is told nothing more."""
    with schema_context("public"), transaction.atomic():
        _record("removed", webhook, by)
        webhook.delete()


def write_wishes() -> dict[str, set[str]]:
    """Tell the processes with sockets what is wanted, by application, and return it. Raises
    redis' `RedisError`.
    """
    wishes: dict[str, set[str]] = {}
    for app_id, events in ChannelWebhook.objects.order_by().values_list("app_id", "events"):
        wishes.setdefault(app_id, set()).update(events)
    redis = redis_clients.of_process()
    gone = set(cast("list[str]", redis.hkeys(keys.WISHES))) - wishes.keys()
    with redis.pipeline() as pipe:
        pipe.delete(keys.WISHES)
        for app_id, wanted in wishes.items():
            pipe.hset(keys.WISHES, app_id, ",".join(sorted(wanted)))
        for app_id in gone:  # what was counted for it is wrong by the time it has a webhook again
            pipe.delete(keys.tally(app_id), keys.news(app_id))
        pipe.execute()
    return wishes


def collect() -> int:
    """Put what has happened into jobs; returns into how many."""
    with schema_context("public"):
        return sum(_collect(app_id) for app_id in write_wishes())


def settle(entries: Sequence[Entry], *, now: int) -> tuple[list[Entry], list[Entry]]:
    """What can be told at `now` (in ms), and what came to nothing: a channel that was vacated
    and occupied again, a member who was back at once. Whatever may yet come to nothing waits,
    with all that came after it.
    """
    leavings: dict[tuple[str, tuple[str, str | None]], Entry] = {}
    undone: set[str] = set()
    for entry in entries:
        name = entry.event["name"]
        if name in UNDONE_BY:
            leavings[UNDONE_BY[name], entry.subject] = entry
            continue
        left = leavings.pop((name, entry.subject), None)
        if left and entry.at - left.at <= LINGER_MS:
            undone |= {left.id, entry.id}
    told = []
    for entry in entries:
        if entry.id in undone:
            continue
        if entry.event["name"] in UNDONE_BY and now - entry.at < LINGER_MS:
            break
        told.append(entry)
    return told, [entry for entry in entries if entry.id in undone]


def deliver(*, webhook_id: str, body: str, is_last: bool) -> dict[str, Any]:
    """Send a batch once. Raises `NotTaken` where it makes sense to try again."""
    webhook = ChannelWebhook.objects.filter(pk=webhook_id).first()
    application = _application(webhook.app_id) if webhook else None
    if webhook is None or application is None:
        return {"delivered": False, "problem": "There is no such webhook any more."}
    headers = {
        "content-type": "application/json",
        "x-pusher-key": application.key,
        "x-pusher-signature": signatures.sign(application.secret, body),
    }
    try:
        external.request(
            "POST", webhook.url, headers=headers, content=body.encode(), timeout=PATIENCE,
            largest=KEPT_ANSWER, cut=True,
        )  # fmt: skip
    except VendorError as error:
        _note_failure(webhook, error.detail)
        age = timezone.now().timestamp() * 1000 - json.loads(body)["time_ms"]
        hopeless = (
            isinstance(error, external.AddressRefused) or age > TRIED_FOR.total_seconds() * 1000
        )
        if is_last or hopeless:
            return {"delivered": False, "problem": error.detail}
        wish = error.retry_after and min(error.retry_after, TRIED_FOR.total_seconds())
        raise NotTaken(error.detail, retry_after=wish) from error
    ChannelWebhook.objects.filter(pk=webhook.pk).update(
        last_success_at=timezone.now(), failing_since=None, problem=""
    )
    return {"delivered": True}


def _record(deed: str, webhook: ChannelWebhook, by: Any) -> None:
    """Where the workspace of the application sees it; the product's own is the operators'."""
    app = RealtimeApp.objects.select_related("tenant").filter(app_id=webhook.app_id).first()
    audit.record(
        action=f"channel_webhook.{deed}", by=by, target=webhook,
        schema_name=app.tenant.schema_name if app else "public",
        data={"app_id": webhook.app_id, "events": webhook.events},
    )  # fmt: skip
    transaction.on_commit(_announce)


def _announce() -> None:
    """Without Redis `collect` does so, when it is back."""
    try:
        with schema_context("public"):
            write_wishes()
    except RedisError as error:
        log.warning("channel_wishes_not_written", error=type(error).__name__)


def _application(app_id: str) -> Application | None:
    """The application with its present key; None where it is gone or switched off."""
    own = applications.product()
    if app_id == own.id:
        return own
    app = RealtimeApp.objects.filter(app_id=app_id).first()
    found = applications.find_by_key(app.key) if app else None
    return found if found and found.is_enabled else None


def _collect(app_id: str) -> int:
    redis, stream = redis_clients.of_process(), keys.news(app_id)
    found = cast("list[tuple[str, dict[str, str]]]", redis.xrange(stream, count=READ_AT_ONCE))
    entries = [Entry(id_, json.loads(fields["event"])) for id_, fields in found]
    seconds, micros = redis.time()
    told, undone = settle(entries, now=seconds * 1000 + micros // 1000)
    count = 0
    for start in range(0, len(told), BATCH):
        count += _enqueue(app_id, told[start : start + BATCH])
    if done := [entry.id for entry in (*told, *undone)]:
        redis.xdel(stream, *done)
    return count


def _enqueue(app_id: str, batch: Sequence[Entry]) -> int:
    """One job for each webhook that wants any of it. Should the process die before the stream
    forgets the batch, it comes here again under the same name, and has its job already.
    """
    from apps.realtime.tasks import deliver as job

    count = 0
    name = f"{batch[0].id}..{batch[-1].id}"
    for webhook in ChannelWebhook.objects.filter(app_id=app_id):
        events = [entry.event for entry in batch if entry.event["name"] in webhook.events]
        if events:
            time_ms = int(timezone.now().timestamp() * 1000)
            body = protocol.to_json({"time_ms": time_ms, "events": events})
            job.enqueue(
                by=None, schema_name="public", webhook_id=str(webhook.pk), batch=name, body=body
            )
            count += 1
    return count


def _note_failure(webhook: ChannelWebhook, problem: str) -> None:
    webhook.problem = problem[:300]
    webhook.failing_since = webhook.failing_since or timezone.now()
    webhook.save(update_fields=["problem", "failing_since"])
    log.info("channel_webhook_failed", webhook=str(webhook.pk), problem=problem)
