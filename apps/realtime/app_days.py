"""What each application has had by day, kept as long as its workspace's usage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from apps.realtime.models import RealtimeApp, RealtimeAppDay
from apps.usage.plans import MESSAGES, METRICS
from apps.usage.services import counters, samples, series, usage
from apps.usage.services.series import By, Series

# An application that has gone has no days; one that is going does not go before they are written.
_ADVANCE: Final = """
WITH given AS (
    SELECT app.id, amount
    FROM unnest(%(app_ids)s::text[], %(amounts)s::bigint[]) AS counted (app_id, amount)
    JOIN realtime_realtimeapp AS app USING (app_id)
    ORDER BY app.id FOR KEY SHARE OF app
)
INSERT INTO realtime_realtimeappday AS known (app_id, day, source, messages)
SELECT id, %(day)s, %(source)s, amount FROM given
ON CONFLICT (app_id, day, source) DO UPDATE SET messages = EXCLUDED.messages
WHERE known.messages < EXCLUDED.messages
"""


def advance(found: counters.Hash) -> None:
    """Note how far Redis has counted, by application's id. Doing so twice, or late, changes
    nothing.
    """
    if found.amounts:
        values: dict[str, Any] = {
            "app_ids": list(found.amounts), "amounts": list(found.amounts.values()),
            "day": found.day, "source": found.life,
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_ADVANCE, values)


def messages_of(
    apps: Iterable[RealtimeApp],
    *,
    present: counters.Hash | None,
    by: By = "day",
    first: date | None = None,
    last: date | None = None,
) -> dict[UUID, Series]:
    """By application its messages over a span as `usage.services.series` has it, which says what
    is raised. `present`: what Redis has counted today, read before, or None where that is not
    known; what it had counted a minute ago is shown then.
    """
    apps = list(apps)
    first, last = series.span(by, first, last)
    rows = RealtimeAppDay.objects.filter(app__in=apps, day__range=(first, last)).order_by()
    days: dict[UUID, Counter[date]] = defaultdict(Counter)
    for row in rows:
        if present is None or (row.day, row.source) != (present.day, present.life):
            days[row.app_id][row.day] += row.messages
    if present is not None and first <= present.day <= last:
        for app in apps:
            days[app.pk][present.day] += present.amounts.get(app.app_id, 0)
    return {app.pk: _spread(days[app.pk], by, first, last) for app in apps}


def forget() -> int:
    """Delete what is older than the workspaces' own usage is kept; returns how many rows."""
    day = usage.today() - timedelta(days=samples.KEPT_DAYS)
    return RealtimeAppDay.objects.filter(day__lt=day).delete()[0]


def _spread(amounts: Mapping[date, int], by: By, first: date, last: date) -> Series:
    return series.spread(METRICS[MESSAGES], amounts, by=by, first=first, last=last)
