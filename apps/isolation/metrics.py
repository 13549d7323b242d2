"""How isolation stands, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Max, Sum
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.isolation.models import Probe


def collect() -> Iterator[Metric]:
    """All foreign marks ever found (such probes are kept for good), and when each kind of
    process last looked.
    """
    total = Probe.objects.alarming().aggregate(foreign=Sum("foreign"), unwalled=Sum("unwalled"))
    for name, field, text in (
        ("isolation_foreign_marks", "foreign", "Rows of another workspace that a probe was shown."),
        ("isolation_open_walls", "unwalled", "Neighbours' rows that raw SQL was given."),
    ):
        family = metrics.counter(name, text)
        family.add_metric([], total[field] or 0)
        yield family
    last = metrics.gauge(
        "isolation_last_probe_timestamp_seconds", "When a kind of process last looked.", ["process"]
    )
    reads = metrics.gauge("isolation_reads_day", "Marks read in the last day.", ["process"])
    day = Probe.objects.of_a_day().order_by().values_list("process")
    for process, at, count in day.annotate(Max("started_at"), Sum("reads")):
        last.add_metric([process], at.timestamp())
        reads.add_metric([process], count)
    yield from (last, reads)
