"""The semantic cache for `/metrics`: by scope, and the workspaces that ask most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.semantic_cache.models import CacheDay

TOP = 20
OUTCOMES = ("hits", "misses", "bypassed")


def collect() -> Iterator[Metric]:
    """Today's (UTC) numbers. Scopes are named in code, so there are few."""
    asked = metrics.gauge(
        "semantic_cache_questions_today", "Questions, by what became of them.", ["scope", "outcome"]
    )
    saved = metrics.gauge(
        "semantic_cache_saved_seconds_today", "What computing again would have taken.", ["scope"]
    )
    today: Any = CacheDay.objects.filter(day=timezone.now().date()).order_by()
    for scope, *numbers, milliseconds in today.values_list("scope").annotate(
        *map(Sum, (*OUTCOMES, "saved"))
    ):
        for outcome, number in zip(OUTCOMES, numbers, strict=True):
            asked.add_metric([scope, outcome], number)
        saved.add_metric([scope], milliseconds / 1000)
    yield from (asked, saved, _busiest(today))


def _busiest(today: Any) -> Metric:
    named = metrics.gauge(
        "semantic_cache_questions_today_by_workspace",
        f"The {TOP} workspaces that asked most today.",
        ["workspace", "outcome"],
    )
    sums = today.values_list("schema_name").annotate(*map(Sum, OUTCOMES))
    asking = F("hits__sum") + F("misses__sum") + F("bypassed__sum")
    for schema_name, *numbers in sums.order_by(asking.desc(), "schema_name")[:TOP]:
        for outcome, number in zip(OUTCOMES, numbers, strict=True):
            named.add_metric([schema_name, outcome], number)
    return named
