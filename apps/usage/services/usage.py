"""The ledger: counting what happens, and reading what was counted.

`count` adds a row in the transaction of the deed, so that a deed that is rolled back is not
counted, none is lost, and no two deeds wait for each other. `fold` sums the rows into `UsageDay`
and removes them in one statement: however often it is killed, nothing counts twice. Readers add
up both in one statement, so that they never see a row in both places or in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from apps.usage.models import UsageEvent
from apps.usage.plans import METRICS

PUBLIC = "public"
FOLDED_AT_ONCE = 10_000

FOLD = """
WITH taken AS (
    DELETE FROM usage_usageevent WHERE id IN (
        SELECT id FROM usage_usageevent ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    ) RETURNING schema_name, metric, day, amount
), written AS (
    INSERT INTO usage_usageday AS known (schema_name, metric, day, source, amount)
    SELECT schema_name, metric, day, '', sum(amount) FROM taken
    GROUP BY schema_name, metric, day ORDER BY schema_name, metric, day
    ON CONFLICT (schema_name, day, metric, source)
    DO UPDATE SET amount = known.amount + EXCLUDED.amount
)
SELECT schema_name, count(*) FROM taken GROUP BY schema_name
"""
READ = """
SELECT schema_name, metric, day, source, sum(amount)::bigint FROM (
    SELECT schema_name, metric, day, source, amount FROM usage_usageday
    WHERE schema_name = ANY(%(names)s) AND day BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT schema_name, metric, day, '', amount FROM usage_usageevent
    WHERE schema_name = ANY(%(names)s) AND day BETWEEN %(first)s AND %(last)s
) AS counted GROUP BY schema_name, metric, day, source
"""
SET = """
INSERT INTO usage_usageday AS known (schema_name, metric, day, source, amount)
SELECT name, %s, %s, %s, amount FROM unnest(%s::text[], %s::bigint[]) AS given (name, amount)
ORDER BY name
ON CONFLICT (schema_name, day, metric, source) DO UPDATE SET amount = {new}
WHERE known.amount <> {new}
RETURNING schema_name
"""


class Counted(NamedTuple):
    schema_name: str
    metric: str
    day: date
    source: str
    amount: int


def today() -> date:
    """The present day in UTC, which is the day of every number here."""
    return timezone.now().date()


def count(*, schema_name: str, metric: str, amount: int = 1) -> None:
    """Count a deed in its own transaction; one that belongs to no workspace is left out."""
    if metric not in METRICS:
        raise LookupError(f"{metric} is not in apps.usage.plans")
    if schema_name != PUBLIC:
        UsageEvent.objects.create(
            schema_name=schema_name, metric=metric, day=today(), amount=amount
        )


def fold() -> set[str]:
    """Bring what was counted into its days; returns the workspaces it was counted for."""
    touched: set[str] = set()
    while True:
        rows = _run(FOLD, [FOLDED_AT_ONCE])
        touched |= {name for name, _ in rows}
        if sum(number for _, number in rows) < FOLDED_AT_ONCE:
            return touched


def counted(*, schema_names: Iterable[str], first: date, last: date) -> list[Counted]:
    """What the database knows of these workspaces, both days included."""
    values = {"names": sorted(schema_names), "first": first, "last": last}
    return [Counted(*row) for row in _run(READ, values)]


def sample(*, metric: str, amounts: dict[str, int]) -> None:
    """Note a gauge's present value by workspace; the day keeps the last one."""
    _set("EXCLUDED.amount", metric, today(), "", amounts)


def raise_sample(*, metric: str, amounts: dict[str, int], day: date | None = None) -> set[str]:
    """Note the highest value so far of a gauge whose day keeps that. Returns the workspaces whose
    number grew.
    """
    return advance(metric=metric, day=day or today(), source="", amounts=amounts)


def advance(*, metric: str, day: date, source: str, amounts: dict[str, int]) -> set[str]:
    """Note how far `source` has counted. Doing so twice, or late, changes nothing. Returns the
    workspaces whose number grew.
    """
    return _set("greatest(known.amount, EXCLUDED.amount)", metric, day, source, amounts)


def _set(new: str, metric: str, day: date, source: str, amounts: dict[str, int]) -> set[str]:
    if not amounts:
        return set()
    names, numbers = list(amounts), list(amounts.values())
    rows = _run(SET.format(new=new), [metric, day, source, names, numbers])
    return {name for (name,) in rows}


def _run(statement: str, values: Sequence[Any] | dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
