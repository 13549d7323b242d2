"""How many messages workspaces' applications have, counted as Pusher counts.

Each call of the HTTP API is one (of a batch each event, and one more where attributes of channels
are asked for along), each client event, each call of a webhook, and each delivery to a connection,
news of members included. Pings and subscribing are free, and so is the product's own application.
https://docs.bird.com/pusher/channels/channels/limits/how-is-my-message-count-calculated-in-channels
https://pusher.com/docs/channels/library_auth_reference/rest-api/

Publishing counts in the round trip that it takes anyway, and reads there how many there are: only a
process that has seen the day's last message, or none yet, asks before. Deliveries are added up in
the process and written every few seconds; what a killed process had not written is lost. So a few
messages more than the plan's may pass, and none waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import cast
from uuid import UUID

import structlog
from channels.db import database_sync_to_async
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.realtime import app_days, broadcast, keys, redis_clients
from apps.realtime.applications import Application
from apps.realtime.broadcast import Broadcast
from apps.realtime.models import RealtimeApp
from apps.realtime.protocol import Code, ProtocolFault
from apps.tenants.models import Tenant
from apps.usage.errors import LimitReached
from apps.usage.plans import MESSAGES
from apps.usage.services import ceilings, counters, usage
from apps.usage.services.ceilings import Ceiling
from apps.usage.services.series import By, Series

log = structlog.get_logger(__name__)

_seen: dict[str, tuple[date, int]] = {}  # by workspace, the number this process last heard of


def publish(application: Application, broadcasts: Iterable[Broadcast], *, amount: int) -> None:
    """Send, and count `amount` messages. Raises `LimitReached` where the day's are used up, and
    redis' `RedisError`.
    """
    if not application.workspace:
        broadcast.send_all(broadcasts)
        return
    _require_room(application.workspace)
    with redis_clients.of_process().pipeline(transaction=False) as pipe:
        broadcast.put(pipe, broadcasts)
        _add(pipe, {application.id: amount}, {application.workspace: amount})
        _seen[application.workspace] = usage.today(), int(pipe.execute()[-1])


def count(application: Application, amount: int = 1) -> None:
    """Of what is done anyway. Raises redis' `RedisError`."""
    if application.workspace:
        with redis_clients.of_process().pipeline(transaction=False) as pipe:
            _add(pipe, {application.id: amount}, {application.workspace: amount})
            pipe.execute()


def of_today(app_ids: list[str]) -> dict[str, int]:
    """How many messages each of these applications has had today (UTC), up to a few seconds ago;
    nothing is known while Redis is away, since pages must show without it.
    """
    if not app_ids:
        return {}
    try:
        numbers = redis_clients.of_process().hmget(keys.messages(_today()), app_ids)
    except RedisError:
        return {}
    return {a: int(n or 0) for a, n in zip(app_ids, numbers, strict=True)}


def settle() -> None:
    """Bring what each application has had into its days. However often this is killed, nothing
    counts twice. With Redis away, what it has counted waits there.
    """
    try:
        for back in range(counters.KEPT_DAYS):
            day = usage.today() - timedelta(days=back)
            found = read(day)
            if found is not None:
                app_days.advance(found)
                if back > 1:  # nobody counts there any more
                    redis_clients.of_process().delete(keys.messages(day.isoformat()))
    except RedisError as error:
        log.warning("realtime_messages_wait", error=type(error).__name__)


def messages_of(
    apps: Iterable[RealtimeApp],
    *,
    by: By = "day",
    first: date | None = None,
    last: date | None = None,
) -> dict[UUID, Series]:
    """By application its messages over time, up to a few seconds ago; the last 30 days or 12
    months where no days are given. Raises `Invalid` as `usage.services.series.of`.
    """
    try:
        present = read(usage.today())
    except RedisError:
        present = None
    return app_days.messages_of(apps, present=present, by=by, first=first, last=last)


def read(day: date) -> counters.Hash | None:
    """By application's id what was counted on a day; None where nothing was. Raises redis'
    `RedisError`.
    """
    key = keys.messages(day.isoformat())
    values = cast("dict[str, str]", redis_clients.of_process().hgetall(key))
    return counters.as_hash(day, values)


def forget() -> None:
    """Take nothing for known in this process."""
    _seen.clear()


class Meter:
    """One event loop's part: what its connections send and get, written by `flush`."""

    def __init__(self) -> None:
        self._workspaces: dict[str, str] = {}
        self._counted: Counter[str] = Counter()
        self._used_up: dict[str, str] = {}

    def follow(self, application: Application) -> None:
        """From now on what this application has is counted."""
        self._workspaces[application.id] = application.workspace

    def note(self, address: str, amount: int) -> None:
        """So many messages at an address. Does not wait."""
        app_id = address.partition(":")[0]
        if app_id in self._workspaces:
            self._counted[app_id] += amount

    def require_room(self, application: Application) -> None:
        """Raises `ProtocolFault` once the day's messages were used up at the last `flush`."""
        if sentence := self._used_up.get(application.workspace):
            raise ProtocolFault(f"Client event rejected: {sentence}", Code.CLIENT_EVENT_REJECTED)

    async def flush(self) -> None:
        """Write what was counted, and see what is used up. Raises redis' `RedisError` and
        `DatabaseError`; what was not written then is written the next time.
        """
        batch, self._counted = self._counted, Counter()
        totals: Counter[str] = Counter()
        for app_id, amount in batch.items():
            totals[self._workspaces[app_id]] += amount
        # Those without room are looked at although nothing of theirs was counted: it comes back.
        for workspace in self._used_up:
            totals[workspace] += 0
        if not totals:
            return
        try:
            async with redis_clients.of_loop().pipeline(transaction=False) as pipe:
                _add(pipe, batch, totals)
                numbers = (await pipe.execute())[-len(totals) :]
        except BaseException:
            self._counted.update(batch)
            raise
        now = dict(zip(totals, map(int, numbers), strict=True))
        self._used_up = await database_sync_to_async(_sentences)(now)


def _require_room(workspace: str) -> None:
    """Asks Redis only where this process knows of no room, so that it hears of new one."""
    ceiling = _ceiling(workspace)
    if ceiling is None or ceiling.most is None:
        return
    day, number = _seen.get(workspace, (None, 0))
    if day == usage.today() and number < ceiling.most:
        return
    number = counters.now(schema_name=workspace, metric=MESSAGES)
    if number >= ceiling.most and (refusal := ceiling.refusal(number)) is not None:
        raise refusal


def _sentences(numbers: dict[str, int]) -> dict[str, str]:
    """Of the workspaces with so many messages today those that have no more, each with why."""
    found = {}
    for workspace, number in numbers.items():
        ceiling = _ceiling(workspace)
        if ceiling is not None and ceiling.most is not None and number >= ceiling.most:
            refusal = ceiling.refusal(number)
            found[workspace] = refusal.detail if isinstance(refusal, LimitReached) else ""
    return found


def _ceiling(workspace: str) -> Ceiling | None:
    known = ceilings.known(MESSAGES, schema_name=workspace)
    if known is not None:
        return known
    with schema_context("public"):
        rows = Tenant.objects.select_related("parent").filter(schema_name=workspace)
        tenant = rows.first()
        return ceilings.of(MESSAGES, tenant=tenant) if tenant else None


def _add(pipe: object, of_apps: dict[str, int], of_workspaces: dict[str, int]) -> None:
    """The last answers of the pipeline are the workspaces' numbers."""
    key = keys.messages(_today())
    pipe.hsetnx(key, counters.LIFE, counters.new_life())  # type: ignore[attr-defined]
    for app_id, amount in of_apps.items():
        pipe.hincrby(key, app_id, amount)  # type: ignore[attr-defined]
    pipe.expire(key, counters.KEPT_SECONDS)  # type: ignore[attr-defined]
    counters.add(pipe, MESSAGES, of_workspaces)


def _today() -> str:
    return usage.today().isoformat()
