"""What this process answered, added up in memory and written every few seconds.

A request costs an addition; a killed process loses what it has not written yet, some seconds of
numbers. A batch that may or may not have arrived is written again under its own id and counts once.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
import time
import uuid
from bisect import bisect_left
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

import structlog
from django.conf import settings
from django.contrib.admindocs.views import simplify_regex
from django.db import Error as DatabaseError
from django.db import connection, connections
from django.utils import timezone

from apps.core.metrics import METHODS

# Milliseconds; the last column counts what took longer.
BOUNDS: Final = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
COUNTS: Final = (
    "requests", "client_errors", "limited", "server_errors", "credits", "milliseconds",
    *(f"took_{bound}" for bound in BOUNDS), "took_longer",
)  # fmt: skip
FIRST_BOUND: Final = COUNTS.index("took_5")
LONGEST_ENDPOINT: Final = 160
MOST_WAITING: Final = 100  # batches that the database did not take
TOO_MANY: Final = 429

_columns = ", ".join(COUNTS)
WRITE: Final = f"""
WITH fresh AS (
    INSERT INTO gateway_apiusagebatch (id, at) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO gateway_apiusage AS known (schema_name, span, start, caller, endpoint, {_columns})
SELECT schema_name, span, date_trunc(span, hour, 'UTC'), caller, endpoint,
    {", ".join(f"sum({name})" for name in COUNTS)}
FROM fresh, (VALUES ('hour'), ('day')) AS spans (span), jsonb_to_recordset(%s::jsonb) AS line (
    schema_name text, hour timestamptz, caller text, endpoint text,
    {", ".join(f"{name} bigint" for name in COUNTS)}
)
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (schema_name, span, start, caller, endpoint)
DO UPDATE SET {", ".join(f"{name} = known.{name} + EXCLUDED.{name}" for name in COUNTS)}
"""  # noqa: S608 -- names of columns, declared above

log = structlog.get_logger(__name__)


class Line(NamedTuple):
    """`hour`: seconds since 1970, divided by 3600."""

    schema_name: str
    hour: int
    caller: str
    endpoint: str


Lines = dict[Line, list[int]]
_lock = threading.Lock()
_lines: Lines = {}
_waiting: deque[tuple[uuid.UUID, Lines]] = deque()
_writers: dict[int, threading.Thread] = {}


def record(
    *, schema_name: str, caller: str, endpoint: str, status: int, cost: int, seconds: float
) -> None:
    """Count one answered request; `endpoint` as `endpoint_of` gives it, `cost` in credits."""
    took = round(seconds * 1000)
    line = Line(schema_name, int(time.time()) // 3600, caller, endpoint)
    with _lock:
        counts = _lines.get(line)
        if counts is None:
            counts = _lines[line] = [0] * len(COUNTS)
        counts[0] += 1
        counts[1] += 400 <= status < 500 and status != TOO_MANY  # noqa: PLR2004
        counts[2] += status == TOO_MANY
        counts[3] += status >= 500  # noqa: PLR2004
        counts[4] += cost
        counts[5] += took
        counts[FIRST_BOUND + bisect_left(BOUNDS, took)] += 1
    if settings.API_USAGE_SECONDS and os.getpid() not in _writers:
        _start_writing()


def endpoint_of(request: Any) -> str:
    """`GET /api/v1/releases/{pk}/`: bounded in number, whatever addresses are called."""
    match = request.resolver_match
    if match is None:
        return ""
    method = request.method if request.method in METHODS else "other"
    return f"{method} {_template(match.route, match.kwargs.get('version', ''))}"[:LONGEST_ENDPOINT]


def flush() -> int:
    """Write what has been counted; returns how many lines. Raises a database's error, and keeps
    what it could not write for the next time.
    """
    with _lock:
        if _lines:
            _waiting.append((uuid.uuid4(), dict(_lines)))
            _lines.clear()
        while len(_waiting) > MOST_WAITING:
            _waiting.popleft()
    written = 0
    while _waiting:
        batch, lines = _waiting[0]
        _write(batch, lines)
        _waiting.popleft()
        written += len(lines)
    return written


def _write(batch: uuid.UUID, lines: Lines) -> None:
    rows = [
        {
            "schema_name": line.schema_name,
            "hour": datetime.fromtimestamp(line.hour * 3600, UTC).isoformat(),
            "caller": line.caller,
            "endpoint": line.endpoint,
            **dict(zip(COUNTS, counts, strict=True)),
        }
        for line, counts in lines.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [batch, timezone.now(), json.dumps(rows)])


@lru_cache(maxsize=1024)
def _template(route: str, version: str) -> str:
    text: str = simplify_regex(route)
    return text.replace("<version>", version).replace("<", "{").replace(">", "}")


def _start_writing() -> None:
    """One thread a process, begun by its first request: a forked process has none of its parent."""
    with _lock:
        if os.getpid() in _writers:
            return
        _writers[os.getpid()] = threading.Thread(target=_write_on, name="api-usage", daemon=True)
    _writers[os.getpid()].start()
    atexit.register(_write_out)


def _write_on() -> None:
    while True:
        time.sleep(settings.API_USAGE_SECONDS)
        _write_out()


def _write_out() -> None:
    try:
        flush()
    except DatabaseError as error:
        log.warning("api_usage_waits", error=type(error).__name__)
    finally:
        connections.close_all()
