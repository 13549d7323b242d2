"""The three statements that every run passes, written out: its row, its beginning and its good end.
To compile the same ones anew from 36 fields takes Django longer than PostgreSQL to carry them out.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import connection
from django.db.models import Field

from apps.jobs.models import JobRun

# What a run gets when it is on its way or over. Of one that is taken it is read when asked for.
_LATER: Final = frozenset(
    {"result", "traceback", "sent_at", "finished_at", "cancel_asked_at", "cancel_asked_by",
     "discarded_at", "discarded_by", "discard_reason"}
)  # fmt: skip
_TAKEN: Final = frozenset({"started_at", "worker", "heartbeat_at", "problem"})
_SUCCEED: Final = """
UPDATE jobs_jobrun SET state = 'succeeded', finished_at = %s, progress = 100, result = %s
WHERE id = %s AND state = 'running' AND attempts = %s
"""


def insert(run: JobRun) -> None:
    """Write a new run, as `save(force_insert=True)` would, but without signals."""
    fields, statement = _insertion()
    values = [f.get_db_prep_save(getattr(run, f.attname), connection) for f in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    state = run._state  # noqa: SLF001 -- documented: what `save` notes there
    state.adding, state.db = False, connection.alias


def take(*, queue: str, now: datetime, closed: list[str], worker: str) -> JobRun | None:
    """`jobs_take`; the run as it is now, or None."""
    names, converters, statement = _taking()
    with connection.cursor() as cursor:
        cursor.execute(statement, [queue, now, closed, worker])
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place], None, connection)
    return JobRun.from_db(connection.alias, names, values)


def succeed(*, run: JobRun, finished_at: datetime, result: Any) -> bool:
    """False when the run is not this attempt's any more."""
    stored = None if result is None else _field("result").get_db_prep_save(result, connection)
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEED, [finished_at, stored, run.pk, run.attempts])
        return bool(cursor.rowcount)


@cache
def _insertion() -> tuple[list[Field[Any, Any]], str]:
    fields = [f for f in JobRun._meta.concrete_fields if f.name not in _LATER | _TAKEN]
    columns, places = ", ".join(str(f.column) for f in fields), ", ".join(["%s"] * len(fields))
    return fields, f"INSERT INTO jobs_jobrun ({columns}) VALUES ({places})"  # noqa: S608 -- names


@cache
def _taking() -> tuple[list[str], list[tuple[int, Any]], str]:
    fields = [f for f in JobRun._meta.concrete_fields if f.name not in _LATER]
    columns = ", ".join(str(f.column) for f in fields)
    converters = [
        (place, field.from_db_value)
        for place, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    ]
    statement = f"SELECT {columns} FROM jobs_take(%s, %s, %s, %s)"  # noqa: S608 -- names
    return [f.attname for f in fields], converters, statement


def _field(name: str) -> Any:
    return JobRun._meta.get_field(name)
