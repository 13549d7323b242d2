"""What the cache was good for: hits, misses and saved time, by day, workspace and scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Sum
from django.utils import timezone

from apps.core.database import connection
from apps.semantic_cache.models import CacheDay

NUMBERS = ("hits", "misses", "bypassed", "saved")


@dataclass(frozen=True)
class Total:
    """`saved` is seconds; `share` the percent of questions answered from earlier answers."""

    scope: str
    hits: int
    misses: int
    bypassed: int
    saved: float

    @property
    def share(self) -> int:
        asked = self.hits + self.misses + self.bypassed
        return round(100 * self.hits / asked) if asked else 0


def count(*, scope: str, hits: int = 0, misses: int = 0, bypassed: int = 0, saved: int = 0) -> None:
    """Add to today's row of the present workspace; `saved` is milliseconds."""
    more = {"hits": hits, "misses": misses, "bypassed": bypassed, "saved": saved}
    where: dict[str, Any] = {
        "schema_name": connection.schema_name, "day": timezone.now().date(), "scope": scope,
    }  # fmt: skip
    adding = {name: F(name) + number for name, number in more.items() if number}
    if adding and not CacheDay.objects.filter(**where).update(**adding):
        CacheDay.objects.get_or_create(**where)
        CacheDay.objects.filter(**where).update(**adding)


def totals(*, days: int = 30, schema_name: str | None = None) -> list[Total]:
    """By scope, of the last `days`; of all workspaces where none is named."""
    rows = CacheDay.objects.filter(day__gt=timezone.now().date() - timedelta(days=days))
    if schema_name is not None:
        rows = rows.filter(schema_name=schema_name)
    sums: Any = rows.order_by("scope").values_list("scope").annotate(*map(Sum, NUMBERS))
    return [
        Total(scope, hits, misses, bypassed, saved / 1000)
        for scope, hits, misses, bypassed, saved in sums
    ]
