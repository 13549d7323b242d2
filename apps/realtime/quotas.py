"""How many connections a workspace may have at its apps, over all processes, and how many it had.

Each process writes how many it holds into its own entry of the registry, which lapses with its
lease: what a killed process held is free again once that is over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, cast

import structlog
from redis.exceptions import RedisError

from apps.core.database import connection
from apps.realtime import keys, redis_clients, scripts
from apps.realtime.applications import Application
from apps.realtime.protocol import Code, ProtocolFault
from apps.usage.plans import CONNECTIONS
from apps.usage.services import usage

KEPT_SECONDS: Final = 8 * 86_400

log = structlog.get_logger(__name__)


class Quotas:
    """One process's part. `node` gives its name in the registry. Methods raise redis'
    `RedisError`.
    """

    def __init__(self, node: Callable[[], str]) -> None:
        self._node = node
        self._held: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    async def admit(self, application: Application) -> None:
        """One connection more. Raises `ProtocolFault` when that would be too many."""
        payer = application.payer
        async with self._lock:
            if not await self._write(payer, self._held[payer] + 1, application.max_connections):
                raise ProtocolFault(
                    f"The plan allows {application.max_connections} connections at a time",
                    Code.OVER_QUOTA,
                )
            self._held[payer] += 1

    async def release(self, application: Application) -> None:
        """It is counted as gone at once here, and in Redis by `settle` should that fail now."""
        async with self._lock:
            self._held[application.payer] -= 1
            await self._write(application.payer, self._held[application.payer])

    async def settle(self) -> None:
        """Write everything down again."""
        async with self._lock:
            for payer, number in list(self._held.items()):
                await self._write(payer, number)
                if not number:
                    del self._held[payer]

    async def _write(self, payer: str, number: int, most: int | None = None) -> bool:
        script = redis_clients.of_loop().register_script(scripts.HOLD)
        names = [keys.NODES, keys.node(self._node()), keys.peaks(_today())]
        values: list[str | int] = [self._node(), keys.node(""), keys.held(payer), number]
        limit = -1 if most is None else most
        return bool(await script(keys=names, args=[*values, limit, payer, KEPT_SECONDS]))


def peak() -> int:
    """The most connections that the present workspace had at once today (UTC); 0 while Redis is
    away, since pages must show without it.
    """
    name = connection.schema_name
    try:
        found = cast("str | None", redis_clients.of_process().hget(keys.peaks(_today()), name))
    except RedisError:
        return 0
    return int(found or 0)


def peaks(day: date) -> dict[str, int]:
    """By workspace the most connections of a day (UTC). Raises redis' `RedisError`."""
    redis = redis_clients.of_process()
    found = cast("dict[str, str]", redis.hgetall(keys.peaks(day.isoformat())))
    return {name: int(number) for name, number in found.items()}


def settle_peaks() -> set[str]:
    """Bring the peaks of today and yesterday into the ledger, so that none is lost at midnight;
    returns the workspaces whose peak grew.
    """
    today = usage.today()
    touched: set[str] = set()
    try:
        for day in (today - timedelta(days=1), today):
            touched |= usage.raise_sample(metric=CONNECTIONS, amounts=peaks(day), day=day)
    except RedisError as error:
        log.warning("realtime_peaks_wait", error=type(error).__name__)
    return touched


def _today() -> str:
    return usage.today().isoformat()
