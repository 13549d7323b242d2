"""One of the three in a process of its own. Reads lines: a number is so many requests, answered
with their times in microseconds as JSON, on the clock and of this process' own CPU; `costs` is
answered with what a request costs beyond.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import django
import redis
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from benchmarks.mixed.rows import ROWS, of

SCHEMA = "w_load_01"
HOST = "load-01.localhost"
MANY = 10**9


def main() -> None:
    django.setup(set_prefix=False)
    # Installed packages insist on their own at the start.
    settings.MIDDLEWARE = getattr(settings, "AROUND", settings.MIDDLEWARE)
    secret = open_doors()
    application = WSGIHandler()
    for line in sys.stdin:
        if line.strip() == "costs":
            print(json.dumps(costs(application, secret)), flush=True)
        else:
            print(json.dumps([ask(application, secret) for _ in range(int(line))]), flush=True)


def open_doors() -> str:
    """A key of the workspace with a plan that is not in the way, for ours; "" for the others."""
    if not path().startswith("/api/"):
        logging.disable(logging.CRITICAL)
        return ""
    from apps.gateway import throttling
    from apps.gateway.services import api_keys
    from apps.tenants.models import Tenant
    from apps.usage import plans

    plans.FREE.rates.update(key=MANY, person=MANY, workspace=MANY)  # type: ignore[attr-defined]
    plans.FREE.limits.update(api_calls_day=MANY, api_calls_month=MANY)  # type: ignore[attr-defined]
    throttling.ADDRESS = MANY  # type: ignore[misc]
    tenant = Tenant.objects.get(schema_name=SCHEMA)
    _, secret = api_keys.create(
        tenant=tenant, name="Benchmark", scopes=["experiences.view"], by=None
    )
    return secret


def ask(application: WSGIHandler, secret: str) -> tuple[float, float]:
    """Microseconds of one request, which it took and which it kept the CPU busy; the answer must be
    the workspace's own rows.
    """
    begun, busy = time.perf_counter(), time.process_time()
    answer = application(_environ(secret), lambda *_: None)  # type: ignore[arg-type]
    content = b"".join(answer)
    answer.close()
    took = 1e6 * (time.perf_counter() - begun), 1e6 * (time.process_time() - busy)
    if [of(row["name"]) for row in json.loads(content)["results"]] != [SCHEMA] * ROWS:
        raise SystemExit(f"not the workspace's rows: {content[:300]!r}")
    return took


def costs(application: WSGIHandler, secret: str) -> dict[str, float]:
    """Queries and Redis round trips of a request whose key and host are known; microseconds of
    verifying a key that is known and one that is not, and of asking for the limits.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.gateway import admission
    from apps.gateway.services import verification
    from apps.tenants.models import Tenant

    tenant = Tenant.objects.get(schema_name=SCHEMA)
    ask(application, secret)
    with CaptureQueriesContext(connection) as queries, counted() as trips:
        ask(application, secret)

    def verify() -> None:
        verification.verify(secret=secret, tenant=tenant, address="127.0.0.1")

    def verify_anew() -> None:
        verification.forget()
        verify()

    def admit() -> None:
        limits = [admission.Limit(name, f"limit:bench:{name}", MANY) for name in "abc"]
        admission.admit(tenant=tenant, limits=limits)

    return {
        "queries": len(queries),
        "round trips to Redis": trips[0],
        "key known": _microseconds(verify),
        "key looked up": _microseconds(verify_anew),
        "limits": _microseconds(admit),
    }


@contextmanager
def counted() -> Iterator[list[int]]:
    """How often Redis was written to within the block."""
    plain, count = redis.connection.Connection.send_packed_command, [0]

    def send(connection: Any, *args: Any, **kwargs: Any) -> Any:
        count[0] += 1
        return plain(connection, *args, **kwargs)  # type: ignore[no-untyped-call]

    redis.connection.Connection.send_packed_command = send  # type: ignore[assignment,method-assign]
    try:
        yield count
    finally:
        redis.connection.Connection.send_packed_command = plain  # type: ignore[method-assign]


def _microseconds(deed: Callable[[], None], rounds: int = 300) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        deed()
        times.append(1e6 * (time.perf_counter() - begun))
    return statistics.median(times)


def path() -> str:
    return str(settings.PATH)  # type: ignore[misc]


def _environ(secret: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path(),
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "HTTP_HOST": HOST,
        "HTTP_AUTHORIZATION": f"Bearer {secret}" if secret else "",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
    }


if __name__ == "__main__":
    main()
