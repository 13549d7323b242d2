"""Numbers for Prometheus, shown at `/metrics` of the public host.

What is true of the whole installation (workspaces, jobs, usage) is read from the database or
Redis when it is asked for, so every process gives the same answer. An app offers such numbers in
its `AppConfig.ready`:

    metrics.register("jobs", waiting)

    def waiting() -> Iterator[Metric]:
        depth = metrics.gauge("jobs_waiting", "Jobs that wait, by queue.", ["queue"])
        depth.add_metric(["default"], 12)
        yield depth

What only a process itself can know, the time its requests take, is counted in that process and
carries its number (`process`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog
from django.db import Error as DatabaseError
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from apps.core.errors import DomainError

PREFIX = "toolboxai_"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
Collect = Callable[[], Iterable[Metric]]

log = structlog.get_logger(__name__)
_collectors: dict[str, Collect] = {}


def register(name: str, collect: Collect) -> None:
    """Have `collect` asked at every scrape; a second one of the same name takes its place.

    It should take a constant number of queries, and label by workspace only where the number of
    labels is bounded. While it raises (a database or Redis away, a `DomainError`) its numbers are
    missing, `toolboxai_collector_up{collector=name}` is 0, and all others are still shown.
    """
    _collectors[name] = collect


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    """A number that goes up and down; `toolboxai_` is put in front of its name."""
    return GaugeMetricFamily(PREFIX + name, text, labels=labels)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> CounterMetricFamily:
    """A number that only grows; it is shown as `toolboxai_<name>_total`."""
    return CounterMetricFamily(PREFIX + name, text, labels=labels)


def observe_request(*, route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request. `route` is the name of its URL, never its path."""
    method = method if method in METHODS else "other"
    _requests.labels(route, method, f"{status // 100}xx", str(os.getpid())).observe(seconds)


def render() -> bytes:
    """All numbers in Prometheus' text format 0.0.4, UTF-8."""
    return generate_latest(registry)


class _Registered(Collector):
    def collect(self) -> Iterator[Metric]:
        up = gauge("collector_up", "1 where the collector could be read.", ["collector"])
        took = gauge("collector_seconds", "What reading the collector took.", ["collector"])
        for name, collect in _collectors.items():
            started = time.perf_counter()
            found = _read(name, collect)
            yield from found or ()
            up.add_metric([name], found is not None)
            took.add_metric([name], time.perf_counter() - started)
        yield up
        yield took


def _read(name: str, collect: Collect) -> list[Metric] | None:
    try:
        return list(collect())
    except (DatabaseError, RedisError, DomainError) as error:
        log.warning("metrics_missing", collector=name, error=type(error).__name__)
        return None


registry = CollectorRegistry()
registry.register(_Registered())
_requests = Histogram(
    PREFIX + "http_request_duration_seconds",
    "Time to answer, by the name of the URL. Counted in the process that answered.",
    ["route", "method", "status", "process"],
    buckets=SECONDS,
    registry=registry,
)
