"""What happens in applications whose webhooks want to know, on its way to `webhooks`.

Nothing is written for an application that has no webhook: each process knows what is wanted, and
looks again with each heartbeat.
"""

from __future__ import annotations

from typing import Any, Final, cast

import structlog
from redis.exceptions import RedisError

from apps.realtime import keys, protocol, redis_clients
from apps.realtime.registry import Departure, Member

log = structlog.get_logger(__name__)
KINDS: Final = (
    "channel_occupied", "channel_vacated", "member_added", "member_removed", "client_event",
    "cache_miss", "subscription_count",
)  # fmt: skip


class News:
    """One process's side of it."""

    def __init__(self) -> None:
        self._wishes: dict[str, frozenset[str]] = {}

    async def refresh(self) -> None:
        """Learn what is wanted. Raises redis' `RedisError`."""
        found = cast("dict[str, str]", await redis_clients.of_loop().hgetall(keys.WISHES))
        self._wishes = {key: frozenset(kinds.split(",")) for key, kinds in found.items()}

    def is_wanted(self, application_id: str, *kinds: str) -> bool:
        return not self._wishes.get(application_id, frozenset()).isdisjoint(kinds)

    async def note(self, kind: str, address: str, **data: Any) -> None:
        """Never fails: the subscriber must not suffer from it."""
        application_id, _, channel = address.partition(":")
        if channel.startswith("#") or not self.is_wanted(application_id, kind):
            return
        event = protocol.to_json({"name": kind, "channel": channel, **data})
        try:
            await redis_clients.of_loop().xadd(
                keys.news(application_id), {"event": event}, maxlen=protocol.MOST_NEWS
            )
        except RedisError as error:
            log.warning("realtime_news_lost", application=application_id, error=str(error))

    async def note_arrival(self, address: str, member: Member) -> None:
        await self.note("member_added", address, user_id=member.user_id)

    async def note_departure(self, departure: Departure) -> None:
        for user_id in departure.user_ids:
            await self.note("member_removed", departure.address, user_id=user_id)

    async def note_client_event(
        self, address: str, event: str, data: Any, *, socket_id: str, user_id: str | None
    ) -> None:
        text = data if isinstance(data, str) else protocol.to_json(data)
        more = {"user_id": user_id} if user_id else {}
        await self.note(
            "client_event", address, event=event, data=text, socket_id=socket_id, **more
        )
