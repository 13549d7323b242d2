"""Stripe's events taken in, a second and at the 99th of a hundred, beside dj-stripe's own view,
which fetches and stores before it answers.

    python -m embedded exec --profile test -- python -m benchmarks.stripe_webhooks [--customers 30]

Events of real lives in the sandbox, each given to both views in one process, signed, by way of the
same middleware and by as many threads. The views take turns, so that noise hits both alike: read
the ratios. Every answer is checked, and afterwards that every event has its row.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from benchmarks.intake import events
from benchmarks.mixed import stage

AIM = 5
THREADS = 4
KEY = "sk_test_" + "benchmark0" * 4
LABELS = {"djstripe": "dj-stripe's view", "ours": "ours"}
Answer = tuple[float, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=30)
    customers = parser.parse_args().customers
    with events.sandbox() as url:
        os.environ |= {"STRIPE_API_URL": url, "STRIPE_SECRET_KEY": KEY, "DEBUG": "0"}
        with stage.stand(workspaces=0):
            from tests.factories.stripe_events import make_endpoint

            _open_doors()
            found = events.lives(url, KEY, customers)
            endpoint = make_endpoint()
            paths = {
                "djstripe": f"/djstripe/webhook/{endpoint.djstripe_uuid}/",
                "ours": f"/stripe/webhook/{endpoint.djstripe_uuid}/",
            }
            report(_measure(paths, found), len(found))
            _check(found)


def _open_doors() -> None:
    from django.conf import settings

    settings.PUBLIC_SCHEMA_URLCONF = "benchmarks.intake.urls"
    settings.DATABASES["default"]["CONN_MAX_AGE"] = None


def _measure(paths: dict[str, str], found: list[Any]) -> dict[str, tuple[float, list[float]]]:
    """By view: seconds in all, and of each request."""
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    portions = [found[at : at + 40] for at in range(0, len(found), 40)]
    measured: dict[str, tuple[float, list[float]]] = {name: (0.0, []) for name in paths}
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda _: _connect(), range(THREADS * 4)))
        for portion in portions:
            for name, path in paths.items():
                begun = time.perf_counter()
                answers = list(threads.map(lambda event: _post(application, path, event), portion))  # noqa: B023
                total, times = measured[name]
                measured[name] = (total + time.perf_counter() - begun, times + _times(answers))
    return measured


def _connect() -> None:
    from django.db import connection

    connection.ensure_connection()


def _times(answers: Sequence[Answer]) -> list[float]:
    if statuses := {status for _, status in answers} - {200}:
        raise SystemExit(f"answered with {statuses}")
    return [seconds for seconds, _ in answers]


def _post(application: Any, path: str, event: dict[str, Any]) -> Answer:
    from tests.factories.stripe_events import encode, sign

    body, said = encode(event), []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_STRIPE_SIGNATURE": sign(body), "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }  # fmt: skip
    begun = time.perf_counter()
    answer = application(environ, lambda status, *_: said.append(int(status[:3])))
    b"".join(answer)
    took = time.perf_counter() - begun
    answer.close()
    return took, said[0]


def _check(found: list[dict[str, Any]]) -> None:
    from apps.payments.models import StripeEvent

    if StripeEvent.objects.count() != len(found):
        raise SystemExit("not every event has its row")


def report(measured: dict[str, tuple[float, list[float]]], count: int) -> None:
    print(f"{count} events, {THREADS} threads")
    print(f"{'':<18} {'events/s':>9} {'p50':>10} {'p99':>10}")
    rates, tails = {}, {}
    for name, (total, times) in measured.items():
        rates[name] = len(times) / total
        p50, p99 = 1000 * statistics.median(times), 1000 * statistics.quantiles(times, n=100)[-1]
        tails[name] = p99
        print(f"{LABELS[name]:<18} {rates[name]:9.0f} {p50:7.1f} ms {p99:7.1f} ms")
    rate, tail = rates["ours"] / rates["djstripe"], tails["djstripe"] / tails["ours"]
    print(f"{'':<18} {rate:8.1f}x {'':>10} {tail:9.1f}x")
    print(f"aim: {AIM} times as many a second: {'reached' if rate >= AIM else 'missed'}")


if __name__ == "__main__":
    main()
