"""What both kinds of workers do: write down when they began."""

from __future__ import annotations

import time
from functools import cache

import redis

BEGUN = "bench:begun"


@cache
def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


def begin(url: str, sent: float) -> None:
    client(url).rpush(BEGUN, f"{sent} {time.time()}")
