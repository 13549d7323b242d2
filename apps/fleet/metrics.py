"""How far the fleet is, for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Max
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import fingerprints, versions


def collect() -> Iterator[Metric]:
    """Schemas by version, items of the newest rollout by state, and when each kind of end was
    last seen: five queries, however many workspaces.
    """
    schemas = metrics.gauge("fleet_schemas", "Schemas, by kind and version.", ["kind", "version"])
    code, behind = fingerprints.fingerprint(fingerprints.migrations_of_code()), 0
    counted = Schema.objects.values_list("kind", "version__fingerprint").order_by()
    for kind, fingerprint, number in counted.annotate(Count("pk")):
        schemas.add_metric([kind, fingerprint[:12]], number)
        behind += number * (kind == Schema.Kind.WORKSPACE and fingerprint != code)
    others = metrics.gauge("fleet_schemas_behind", "Workspaces at another version than the code's.")
    others.add_metric([], behind)
    yield from (schemas, others, _items(), _ends(), _ready())


def _items() -> Metric:
    items = metrics.gauge("fleet_rollout_items", "Schemas of the newest rollout.", ["state"])
    newest = Rollout.objects.values("pk")[:1]
    found = RolloutItem.objects.filter(rollout__in=newest).values_list("state").order_by()
    counts = dict.fromkeys(RolloutItem.State.values, 0) | dict(found.annotate(Count("pk")))
    for state, number in counts.items():
        items.add_metric([state], number)
    return items


def _ends() -> Metric:
    last = metrics.gauge(
        "fleet_rollout_timestamp_seconds", "When the last rollout of a state began.", ["state"]
    )
    for state, at in Rollout.objects.values_list("state").order_by().annotate(Max("started_at")):
        last.add_metric([state], at.timestamp())
    return last


def _ready() -> Metric:
    ready = metrics.gauge("fleet_pool_ready", "Prepared schemas that can be claimed.")
    version = versions.current()
    ready.add_metric(
        [], Schema.objects.prepared().filter(version=version).count() if version else 0
    )
    return ready
