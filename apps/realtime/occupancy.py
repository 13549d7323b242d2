"""Which channels are occupied and by whom, over all web processes. Read by the HTTP API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from redis.exceptions import RedisError

from apps.realtime import keys
from apps.realtime.applications import APP_CHANNEL, Application
from apps.realtime.redis_clients import of_process


def subscriptions(application: Application) -> dict[str, int]:
    """Channel name to its number of subscriptions; channels nobody listens to are absent."""
    prefix = application.address("")
    total: Counter[str] = Counter()
    with of_process().pipeline(transaction=False) as pipe:
        for node in sorted(_living()):
            pipe.hgetall(keys.node(node))
        for counts in pipe.execute():
            for address, count in counts.items():
                # What begins with # are users, not channels.
                if address.startswith(prefix) and not address.startswith(f"{prefix}#"):
                    total[address.removeprefix(prefix)] += int(count)
    return dict(total)


def subscription_count(application: Application, channel: str) -> int:
    with of_process().pipeline(transaction=False) as pipe:
        for node in sorted(_living()):
            pipe.hget(keys.node(node), application.address(channel))
        return sum(int(count or 0) for count in pipe.execute())


def connections(app_ids: Sequence[str]) -> dict[str, int]:
    """How many connections each of these workspaces' applications has now; nothing is known while
    Redis is away, since pages must show without it.
    """
    if not app_ids:
        return {}
    fields = [f"{app_id}:{APP_CHANNEL}" for app_id in app_ids]
    total = dict.fromkeys(app_ids, 0)
    try:
        with of_process().pipeline(transaction=False) as pipe:
            for node in sorted(_living()):
                pipe.hmget(keys.node(node), fields)
            for counts in pipe.execute():
                for app_id, count in zip(app_ids, counts, strict=True):
                    total[app_id] += int(count or 0)
    except RedisError:
        return {}
    return total


def user_ids(application: Application, channel: str) -> list[str]:
    """Users in a presence channel, sorted."""
    connections = cast(
        "dict[str, str]", of_process().hgetall(keys.connections(application.address(channel)))
    )
    living = _living()
    pairs = (value.split(" ", 1) for value in connections.values())
    return sorted({user for node, user in pairs if node in living})


class Cached(NamedTuple):
    """The last event of a cache channel: its data, and for how many seconds it is still kept."""

    data: Any
    ttl: int


def cached(application: Application, channel: str) -> Cached | None:
    key = keys.cached(application.address(channel))
    with of_process().pipeline(transaction=True) as pipe:
        pipe.get(key)
        pipe.ttl(key)
        frame, ttl = pipe.execute()
    return Cached(json.loads(frame).get("data"), ttl) if frame else None


def _living() -> set[str]:
    seconds, _ = of_process().time()
    return set(cast("list[str]", of_process().zrangebyscore(keys.NODES, seconds, "+inf")))
