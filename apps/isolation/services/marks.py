"""Writing a workspace's mark, and the ways of reading it that have gone wrong elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import psycopg
import structlog
from django.db import connection, transaction
from django.db.utils import DatabaseError, DataError, ProgrammingError
from django_tenants.utils import schema_context

from apps.marks.models import WorkspaceMark

log = structlog.get_logger(__name__)
TABLE = WorkspaceMark._meta.db_table
# The catalogue says where a row really stands, whatever it says of itself.
WHERE_IT_STANDS = f"""
SELECT mark.schema_name, place.nspname FROM {TABLE} AS mark
JOIN pg_catalog.pg_class AS made ON made.oid = mark.tableoid
JOIN pg_catalog.pg_namespace AS place ON place.oid = made.relnamespace
"""  # noqa: S608
UNREADABLE = (ProgrammingError, DataError)  # no such table or no right to it, no such role
# In words that whoever reads the server's log is not alarmed by.
ON_PURPOSE = "DO $$ BEGIN RAISE EXCEPTION 'isolation probe: an error on purpose'; END $$"


@dataclass(frozen=True)
class Sighting:
    """A mark that was shown in `asked`: what it says, and where it stood when that is known."""

    asked: str
    way: str
    shown: str
    stood_in: str

    @property
    def is_foreign(self) -> bool:
        return {self.shown, self.stood_in or self.asked} != {self.asked}

    def as_finding(self) -> dict[str, str]:
        return asdict(self)


def write(*, schema_name: str) -> None:
    """Mark a workspace that was just opened, whatever its schema held before."""
    with schema_context(schema_name):
        WorkspaceMark.objects.update_or_create(pk=1, defaults={"schema_name": schema_name})


def read(*, schema_name: str) -> list[Sighting]:
    """The workspace's mark, read in every way. One without a mark is given one first; a mark
    that is there is never written over. Empty for a schema that has no marks yet.
    """
    with schema_context(schema_name):
        try:
            with transaction.atomic():
                WorkspaceMark.objects.get_or_create(pk=1, defaults={"schema_name": schema_name})
        except UNREADABLE as error:
            log.warning("isolation_unmarked", schema_name=schema_name, error=str(error))
            return []
        return [
            Sighting(schema_name, way.__name__.strip("_"), shown, stood_in)
            for way in (_by_model, _by_sql, _after_an_error, _in_chunks, _after_a_savepoint)
            for shown, stood_in in way()
        ]


def reach_over(*, schema_name: str, neighbour: str) -> list[Sighting]:
    """Ask for the neighbour's mark by its full name: empty when the server refuses, as it must."""
    try:
        with schema_context(schema_name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'SELECT schema_name FROM "{neighbour}".{TABLE}')  # noqa: S608
            rows = cursor.fetchall()
    except UNREADABLE as error:
        if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            log.warning("isolation_unmarked", schema_name=neighbour, error=str(error))
        return []
    return [Sighting(schema_name, "reach_over", shown, neighbour) for (shown,) in rows]


Shown = Iterator[tuple[str, str]]


def _by_model() -> Shown:
    for shown in WorkspaceMark.objects.values_list("schema_name", flat=True):
        yield shown, ""


def _by_sql() -> Shown:
    with connection.cursor() as cursor:
        cursor.execute(WHERE_IT_STANDS)
        yield from cursor.fetchall()


def _after_an_error() -> Shown:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ON_PURPOSE)
    except DatabaseError:
        yield from _by_sql()


def _in_chunks() -> Shown:
    with transaction.atomic():
        for mark in WorkspaceMark.objects.iterator(chunk_size=1):
            yield mark.schema_name, ""


def _after_a_savepoint() -> Shown:
    with transaction.atomic():
        inner = transaction.savepoint()
        WorkspaceMark.objects.filter(pk=1).exists()
        transaction.savepoint_rollback(inner)
        yield from _by_sql()
