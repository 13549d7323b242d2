"""What all kinds of workers do: write down when they began."""

from __future__ import annotations

import time
from functools import cache

import redis

BEGUN = "bench:begun"
# The caller's own row, written with each wish; the state row that bare Celery does without.
TABLES = """
    CREATE TABLE public.bench_deed (id bigserial PRIMARY KEY, at timestamptz NOT NULL);
    CREATE TABLE public.bench_state (
        id uuid PRIMARY KEY, state text NOT NULL, created_at timestamptz NOT NULL,
        ended_at timestamptz
    );
    GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC
"""


@cache
def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True, socket_timeout=None)


def begin(url: str, sent: float) -> None:
    client(url).rpush(BEGUN, f"{sent} {time.time()}")
