"""How the circuits of all vendors stand, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from apps.core import breaker, metrics

LEVELS = {"closed": 0, "half-open": 1, "open": 2}


def collect() -> Iterator[Metric]:
    state = metrics.gauge("breaker_state", "Circuit: 0 closed, 1 half-open, 2 open.", ["vendor"])
    failures = metrics.gauge("breaker_failures", "Failures in a row.", ["vendor"])
    for vendor in breaker.declared():
        found = breaker.breaker_state(vendor)
        state.add_metric([vendor], LEVELS[found.state])
        failures.add_metric([vendor], found.failures)
    yield from (state, failures)
