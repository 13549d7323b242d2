"""Processes that stand by for work are woken through Redis, not by a message of Celery's.

Whoever stands by is on a list for each of its queues, with a time after which it is not believed
to be there any more, and waits for that queue's bell (a Redis list). `ring` puts something there,
a few for each that is on the list: who rings for nobody is told so, and sends a message. Who was
woken stays on the lists for as long as a short run takes. It comes back by then and hears what was
rung in the meantime, or has somebody else look (`leases`), as it does when it leaves.

A worker that needs one of its processes for something else lets it go by a list of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.jobs.services import lanes

# Who does not come back in time is taken for dead: its turn at the bell is somebody else's.
BELIEVED_SECONDS: Final = 2
WAIT_SECONDS: Final = 0.5
BUSY_SECONDS: Final = 0.05
RINGS_EACH: Final = 4

_COMMON: Final = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local function here(list) return redis.call('ZCOUNT', list, now, '+inf') end
local function put(bell)
    redis.call('RPUSH', bell, '1')
    redis.call('EXPIRE', bell, 60)
end
"""
_RING: Final = f"""{_COMMON}
if {RINGS_EACH} * here(KEYS[1]) > redis.call('LLEN', KEYS[2]) then put(KEYS[2]) return 1 end
return redis.call('LLEN', KEYS[3]) >= tonumber(ARGV[1]) and 1 or 0
"""
_COME: Final = f"""{_COMMON}
for _, list in ipairs(KEYS) do
    redis.call('ZADD', list, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', list, 60)
end
"""
# Its queues, of which it is the last and that have been rung for.
_LEAVE: Final = f"""{_COMMON}
local left = {{}}
for number, list in ipairs(KEYS) do
    redis.call('ZREM', list, ARGV[1])
    local bell = ARGV[number + 1]
    if here(list) == 0 and redis.call('DEL', bell) == 1 then left[#left + 1] = bell end
end
return left
"""
# One at least: a process that is about to come finds it there, and asks whether it is wanted.
_LET_GO: Final = f"""{_COMMON}
if math.max(here(KEYS[1]), 1) > redis.call('LLEN', KEYS[2]) then put(KEYS[2]) end
"""


def ring(queue: str, *, enough: int) -> bool:
    """Whether the queue will be looked into: somebody who stands by has been woken, or `enough`
    messages lie there that nobody has taken. Raises `RedisError`.
    """
    keys = (f"jobs:by:{queue}", f"jobs:bell:{queue}", queue)
    return bool(_client(settings.CELERY_BROKER_URL).eval(_RING, len(keys), *keys, str(enough)))


def wait(queues: Sequence[str], *, worker: str, name: str) -> str | None:
    """Stand by for a moment; the queue that is to be looked into, the first of those that are.
    None when there was none, or `worker` calls one of its processes back. Raises `RedisError`.
    Call `leave` when you do not come back.
    """
    lists = [f"jobs:by:{each}" for each in (worker, *queues)]
    bells = [f"jobs:bell:{each}" for each in (worker, *queues)]
    pipe = _client(settings.CELERY_BROKER_URL).pipeline(transaction=False)
    pipe.eval(_COME, len(lists), *lists, name, str(BELIEVED_SECONDS))
    pipe.blpop(bells, timeout=WAIT_SECONDS)
    pipe.eval(_COME, len(lists), *lists, name, str(BUSY_SECONDS))
    # What the next question would be; it costs no way of its own here.
    lanes.ask(pipe)
    answers = pipe.execute()
    lanes.note(answers[-1])
    rung = cast("tuple[str, str] | None", answers[1])
    bell = rung[0].removeprefix("jobs:bell:") if rung else worker
    return None if bell == worker else bell


def leave(queues: Sequence[str], *, worker: str, name: str) -> list[str]:
    """Stand by no more; those of the queues that were rung for while nobody else was there: have
    somebody look into them. Raises `RedisError`.
    """
    lists = [f"jobs:by:{each}" for each in (worker, *queues)]
    bells = [f"jobs:bell:{each}" for each in (worker, *queues)]
    left = _client(settings.CELERY_BROKER_URL).eval(_LEAVE, len(lists), *lists, name, *bells)
    rung = [bell.removeprefix("jobs:bell:") for bell in cast("list[str]", left)]
    return [queue for queue in rung if queue != worker]


def let_go(*, worker: str) -> None:
    """Have one of the worker's processes that stand by leave the bell. Raises `RedisError`."""
    keys = (f"jobs:by:{worker}", f"jobs:bell:{worker}")
    _client(settings.CELERY_BROKER_URL).eval(_LET_GO, len(keys), *keys)


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=WAIT_SECONDS + 2, socket_connect_timeout=2, decode_responses=True,
        retry=Retry(NoBackoff(), 1),
    )  # fmt: skip
