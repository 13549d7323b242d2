"""How outgoing webhooks stand, for `/metrics`. No label names a customer or an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Case, CharField, Count, F, Min, Q, Value, When
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.webhooks.models import Attempt, Delivery, Endpoint

HOUR = timedelta(hours=1)
CLASSES = ("2xx", "3xx", "4xx", "5xx", "no_answer")


def collect() -> Iterator[Metric]:
    """Endpoints by state, attempts of the last hour by outcome, what waits and how late it is."""
    yield _endpoints()
    yield _attempts()
    yield from _waiting()


def _endpoints() -> Metric:
    family = metrics.gauge("webhook_endpoints", "Endpoints, by state.", ["state"])
    off, failing = Q(disabled_at__isnull=False), Q(failing_since__isnull=False)
    found = Endpoint.objects.order_by().aggregate(
        off=Count("pk", filter=off),
        failing=Count("pk", filter=failing & ~off),
        active=Count("pk", filter=~failing & ~off),
    )
    for state, number in found.items():
        family.add_metric([state], number)
    return family


def _attempts() -> Metric:
    family = metrics.gauge(
        "webhook_attempts_hour", "Attempts of the last hour, by class of answer.", ["outcome"]
    )
    classes = [
        When(status__gte=n * 100, status__lt=(n + 1) * 100, then=Value(f"{n}xx"))
        for n in range(2, 6)
    ]
    outcome = Case(*classes, default=Value("no_answer"), output_field=CharField())
    rows = Attempt.objects.filter(at__gte=timezone.now() - HOUR).order_by()
    counted = dict(rows.values_list(outcome).annotate(Count("pk")))
    for name in CLASSES:
        family.add_metric([name], counted.get(name, 0))
    return family


def _waiting() -> Iterator[Metric]:
    """What an endpoint's pause, or its own failing, holds back is not late by our fault."""
    pending = metrics.gauge("webhook_deliveries_pending", "Deliveries still to be made.")
    late = metrics.gauge(
        "webhook_oldest_due_seconds", "Since when the oldest delivery to a healthy endpoint is due."
    )
    now = timezone.now()
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING).order_by()
    healthy = Q(endpoint__failing_since__isnull=True, due_at__lte=now)
    found = waiting.aggregate(number=Count("pk"), first=Min(F("due_at"), filter=healthy))
    pending.add_metric([], found["number"])
    first = found["first"]
    late.add_metric([], (now - first).total_seconds() if first else 0.0)
    yield from (pending, late)
