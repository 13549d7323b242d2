"""What happens too often for a row each (`plans.IN_REDIS`), counted in Redis.

A metric's day is one hash: by workspace the number so far, which only grows, and `:life`, a random
mark of this hash. `flush` copies the numbers into `UsageDay` as they stand, so it can be killed
and repeated; should Redis lose the hash, the new one has another life and is added to the old.
What is lost is what Redis itself loses. Without Redis nothing is counted and all passes: reading
and releasing must not stop because the counter did.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import RedisError

from apps.usage.plans import API_CALLS, IN_REDIS
from apps.usage.services import usage

LIFE = ":life"
KEPT_DAYS = 8
KEPT_SECONDS = KEPT_DAYS * 24 * 3600
# As a function, so that a script of an upper floor can count in its own round trip.
LUA = """
local function take(key, name, amount, most, life, seconds)
    local so_far = tonumber(redis.call('HGET', key, name) or '0')
    if most >= 0 and so_far + amount > most then return 0, so_far end
    if redis.call('HSETNX', key, ':life', life) == 1 then redis.call('EXPIRE', key, seconds) end
    return 1, redis.call('HINCRBY', key, name, amount)
end
"""
TAKE = f"""{LUA}
return {{take(KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5])}}
"""
LIFE_BYTES = 8


@dataclass(frozen=True)
class Hash:
    """One day in Redis."""

    day: date
    life: str
    amounts: dict[str, int]


def take(*, schema_name: str, most: int | None = None, amount: int = 1) -> tuple[bool, int]:
    """Count `amount` calls of today unless there would be more than `most`: whether they were
    counted, and how many there are now in this hash. Raises `RedisError`.
    """
    values = arguments(schema_name=schema_name, most=most, amount=amount)
    taken, now = _script(settings.REDIS_URL)(keys=[key_of(usage.today())], args=values)
    return bool(taken), int(now)


def arguments(*, schema_name: str, most: int | None, amount: int = 1) -> list[str | int]:
    """What follows the key in a call of `take` in Lua."""
    limit = -1 if most is None else most
    return [schema_name, amount, limit, new_life(), KEPT_SECONDS]


def add(pipe: Any, metric: str, amounts: Mapping[str, int]) -> None:
    """Count along with what else a pipeline does, by workspace. Of the answers the last
    `len(amounts)` are the numbers of today, in their order.
    """
    key = key_of(usage.today(), metric)
    pipe.hsetnx(key, LIFE, new_life())
    pipe.expire(key, KEPT_SECONDS)
    for schema_name, amount in amounts.items():
        pipe.hincrby(key, schema_name, amount)


def new_life() -> str:
    """The mark of a hash that is begun now."""
    return secrets.token_hex(LIFE_BYTES)


def flush() -> set[str]:
    """Copy what Redis has counted into the days; returns the workspaces whose number grew.
    Raises `RedisError`.
    """
    touched: set[str] = set()
    for metric in IN_REDIS:
        for back in range(KEPT_DAYS):
            found = read(usage.today() - timedelta(days=back), metric)
            if found is not None:
                touched |= usage.advance(
                    metric=metric, day=found.day, source=found.life, amounts=found.amounts
                )
                if back > 1:  # nobody counts there any more
                    _redis(settings.REDIS_URL).delete(key_of(found.day, metric))
    return touched


def read(day: date, metric: str = API_CALLS) -> Hash | None:
    """The hash of a day, or None where there is none. Raises `RedisError`."""
    values = _redis(settings.REDIS_URL).hgetall(key_of(day, metric))
    return as_hash(day, values)


def now(*, schema_name: str, metric: str) -> int:
    """How many there are today in the present hash. Raises `RedisError`."""
    return int(_redis(settings.REDIS_URL).hget(key_of(usage.today(), metric), schema_name) or 0)


def present(*, schema_names: Sequence[str]) -> dict[str, Hash]:
    """By metric, today's hash of some workspaces; empty without Redis, too."""
    names, today = [LIFE, *schema_names], usage.today()
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipe:
            for metric in IN_REDIS:
                pipe.hmget(key_of(today, metric), names)
            answers = pipe.execute()
    except RedisError:
        return {}
    found = {}
    for metric, numbers in zip(IN_REDIS, answers, strict=True):
        values = {name: value for name, value in zip(names, numbers, strict=True) if value}
        if (known := as_hash(today, values)) is not None:
            found[metric] = known
    return found


def as_hash(day: date, values: dict[str, str]) -> Hash | None:
    """What Redis has answered for a day; None where that is no hash of numbers."""
    life = values.pop(LIFE, None)
    if life is None:
        return None
    return Hash(day, life, {name: int(number) for name, number in values.items()})


def key_of(day: date, metric: str = API_CALLS) -> str:
    """Where in Redis a day is counted."""
    return f"usage:{metric}:{day.isoformat()}"


@cache
def _redis(url: str) -> Any:
    return redis.Redis.from_url(
        url, decode_responses=True, socket_timeout=2, socket_connect_timeout=2
    )


@cache
def _script(url: str) -> Any:
    return _redis(url).register_script(TAKE)
