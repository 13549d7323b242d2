"""How realtime stands, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.realtime import applications, occupancy
from apps.realtime.models import Errand


def collect() -> Iterator[Metric]:
    """What waits to be sent, and who listens on the product's own channels."""
    errands = metrics.gauge("realtime_errands", "Events of workspaces that are not sent yet.")
    oldest = metrics.gauge("realtime_oldest_errand_seconds", "How long the oldest has waited.")
    found = Errand.objects.order_by().aggregate(number=Count("pk"), first=Min("created_at"))
    errands.add_metric([], found["number"])
    first = found["first"]
    oldest.add_metric([], (timezone.now() - first).total_seconds() if first else 0.0)
    yield from (errands, oldest)
    yield from _listening()


def _listening() -> Iterator[Metric]:
    channels = metrics.gauge("realtime_channels", "Channels that somebody listens to.")
    subscriptions = metrics.gauge("realtime_subscriptions", "Subscriptions, over all processes.")
    counts = occupancy.subscriptions(applications.product())
    channels.add_metric([], len(counts))
    subscriptions.add_metric([], sum(counts.values()))
    yield from (channels, subscriptions)
