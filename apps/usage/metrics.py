"""Usage for `/metrics`: totals, and the busiest workspaces by name.

A label for each of a thousand workspaces would be a thousand series for each number, so only the
`TOP` of each metric are named.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Sum, Window
from django.db.models.functions import RowNumber
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.tenants.models import Tenant
from apps.usage.models import UsageDay, UsageWarning
from apps.usage.services import usage

TOP = 20


def collect() -> Iterator[Metric]:
    """Workspaces by state, what all of them used today, the top of each metric, open warnings."""
    states = metrics.gauge("workspaces", "Workspaces, by state.", ["state"])
    for state, number in _counted(Tenant.objects.order_by().values_list("state")):
        states.add_metric([state], number)
    warned = metrics.gauge("usage_warnings_open", "Limits that are near.", ["limit", "percent"])
    rows = UsageWarning.objects.open().order_by().values_list("limit", "threshold")
    for limit, threshold, number in rows.annotate(Count("pk")):
        warned.add_metric([limit, str(threshold)], number)
    yield from (states, warned, *_used_today())


def _used_today() -> Iterator[Metric]:
    total = metrics.gauge("usage_today", "Used today (UTC) by all workspaces.", ["metric"])
    named = metrics.gauge(
        "usage_today_by_workspace", f"The {TOP} that used most today.", ["workspace", "metric"]
    )
    today = UsageDay.objects.filter(day=usage.today()).order_by()
    for metric, amount in today.values_list("metric").annotate(Sum("amount")):
        total.add_metric([metric], amount)
    place = Window(RowNumber(), partition_by="metric", order_by=F("amount").desc())
    for row in today.annotate(place=place).filter(place__lte=TOP):
        named.add_metric([row.schema_name, row.metric], row.amount)
    yield from (total, named)


def _counted(rows: object) -> Iterator[tuple[str, int]]:
    yield from rows.annotate(Count("pk"))  # type: ignore[attr-defined]
