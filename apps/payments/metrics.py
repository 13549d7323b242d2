"""How Stripe's events and our rows stand, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Avg, Count, F, Max, Min, Q
from django.utils import timezone
from djstripe.models import WebhookEndpoint
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.payments.models import ReconcileRun, StripeEvent

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
State = StripeEvent.State


def collect() -> Iterator[Metric]:
    """In four queries."""
    yield from _events()
    yield from _endpoints()
    yield from _comparisons()


def _events() -> Iterator[Metric]:
    now = timezone.now()
    recent = Q(processed_at__gte=now - HOUR)
    lag = F("processed_at") - F("received_at")
    found = StripeEvent.objects.filter(Q(state__in=(State.WAITING, State.FAILED)) | recent)
    numbers = found.aggregate(
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        first=Min("received_at", filter=Q(state=State.WAITING)),
        mean=Avg(lag, filter=recent),
        most=Max(lag, filter=recent),
    )
    counts = metrics.gauge("stripe_events", "Events of Stripe's that are not done.", ["state"])
    for state in ("waiting", "failed"):
        counts.add_metric([state], numbers[state])
    yield counts
    oldest = metrics.gauge(
        "stripe_event_oldest_waiting_seconds", "How long the oldest waiting event of Stripe's does."
    )
    oldest.add_metric([], _age(numbers["first"], now))
    yield oldest
    took = metrics.gauge(
        "stripe_event_seconds", "From its coming in to its rows, of the last hour's events.", ["of"]
    )
    for name in ("mean", "most"):
        took.add_metric([name], numbers[name].total_seconds() if numbers[name] else 0.0)
    yield took


def _endpoints() -> Iterator[Metric]:
    rows = WebhookEndpoint.objects.exclude(secret="").order_by().values_list("status")
    counted = dict(rows.annotate(Count("pk")))
    # Where no Stripe is connected nothing is missed.
    wanted = metrics.gauge("stripe_connected", "1 where there is a key of Stripe's.")
    wanted.add_metric([], bool(settings.STRIPE_SECRET_KEY))
    yield wanted
    family = metrics.gauge("stripe_endpoints", "Where Stripe sends its events.", ["status"])
    for status in ("enabled", "disabled"):
        family.add_metric([status], counted.get(status, 0))
    yield family


def _comparisons() -> Iterator[Metric]:
    now = timezone.now()
    finished = ReconcileRun.objects.finished()
    run = finished.of_kind(ReconcileRun.Kind.OBJECTS).filter(customer_id="").first()
    drift = metrics.gauge(
        "stripe_drift", "Objects that stood otherwise here than at Stripe, at the last comparison.",
        ["repaired"],
    )  # fmt: skip
    repaired = run.total("repaired") if run else 0
    drift.add_metric(["yes"], repaired)
    drift.add_metric(["no"], run.drift - repaired if run else 0)
    yield drift
    age = metrics.gauge(
        "stripe_comparison_age_seconds", "Since our rows were last compared with all of Stripe's."
    )
    age.add_metric([], _age(run.finished_at if run else None, now))
    yield age
    looks = finished.of_kind(ReconcileRun.Kind.EVENTS).filter(started_at__gte=now - DAY)
    missed = sum(one.total("missing") for one in looks.only("counts"))
    lost = metrics.gauge(
        "stripe_events_missed_day", "Events of the last day that never came and were fetched."
    )
    lost.add_metric([], missed)
    yield lost


def _age(at: datetime | None, now: datetime) -> float:
    return (now - at).total_seconds() if at else 0.0
