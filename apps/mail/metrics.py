"""How outgoing mail stands, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.mail.models import Message


def collect() -> Iterator[Metric]:
    """Mails written in the last day, by what became of them."""
    day = timezone.now() - timedelta(days=1)
    family = metrics.gauge("mails_day", "Mails written in the last day.", ["state"])
    rows = Message.objects.filter(created_at__gte=day).order_by()
    counted = dict(rows.values_list("state").annotate(Count("pk")))
    for state in Message.State.values:
        family.add_metric([state], counted.get(state, 0))
    yield family
