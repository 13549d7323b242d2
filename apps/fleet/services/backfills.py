"""Changing many rows a batch at a time, each in a short transaction with its own bookmark."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import OperationalError, connections, transaction
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from apps.fleet.models import Backfill

LOCK_TIMEOUT = 3  # seconds
ATTEMPTS = 6
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
Change = Mapping[str, Any] | Callable[[Any], Any]


def run(
    *,
    app_label: str,
    name: str,
    rows: QuerySet[Any],
    change: Change,
    batch_size: int,
    pause: float,
) -> int:
    """Change `rows` in the connection's current schema; returns how many this call changed.

    Goes on where an earlier call was cut short, and does nothing once it has finished. A batch
    whose rows are locked by others for longer than `LOCK_TIMEOUT` is tried again, then the
    database's OperationalError is raised; what was done stays. Raises
    TransactionManagementError inside a transaction.
    """
    connection: Any = connections[rows.db]
    if connection.in_atomic_block:
        raise TransactionManagementError(
            f"The backfill {name} commits each batch: set atomic = False on its migration."
        )
    mark, _ = Backfill.objects.using(rows.db).get_or_create(
        schema_name=connection.schema_name, app_label=app_label, migration=name, operation=0
    )
    changed = 0
    while mark.finished_at is None:
        changed += _patiently(lambda: _batch(rows, change, mark, batch_size))
        if mark.finished_at is None:
            time.sleep(pause)
    return changed


def forget(*, app_label: str, name: str, using: str) -> None:
    """Let it begin anew in the current schema."""
    connection: Any = connections[using]
    Backfill.objects.using(using).filter(
        schema_name=connection.schema_name, app_label=app_label, migration=name
    ).delete()


def _batch(rows: QuerySet[Any], change: Change, mark: Backfill, size: int) -> int:
    """The next rows by primary key, and the bookmark behind them, in one transaction."""
    with transaction.atomic(using=rows.db):
        with connections[rows.db].cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
        mark.refresh_from_db(from_queryset=Backfill.objects.using(rows.db).select_for_update())
        ahead = rows.filter(pk__gt=mark.last_key) if mark.last_key else rows
        keys = list(ahead.order_by("pk").values_list("pk", flat=True)[:size])
        changed = _apply(ahead.filter(pk__lte=keys[-1]), change, len(keys)) if keys else 0
        mark.rows += changed
        mark.updated_at = timezone.now()
        mark.last_key = str(keys[-1]) if keys else mark.last_key
        mark.finished_at = mark.updated_at if len(keys) < size else None
        mark.save(using=rows.db)
    return changed


def _apply(batch: QuerySet[Any], change: Change, size: int) -> int:
    if callable(change):
        change(batch)
        return size
    return int(batch.update(**change))


def _patiently(act: Callable[[], int]) -> int:
    for attempt in range(ATTEMPTS - 1):
        try:
            return act()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in {LOCK_NOT_AVAILABLE, DEADLOCK}:
                raise
            time.sleep(0.1 * 2**attempt)
    return act()
