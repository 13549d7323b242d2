"""Prepared schemas, so that a new customer waits for a rename instead of for a migration."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import schema_context

from apps.fleet.models import Schema, SchemaVersion
from apps.fleet.services import schemas, versions

log = structlog.get_logger(__name__)
TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('fleet.pool', 815))"


@dataclass(frozen=True)
class Status:
    """`ready` can be claimed now; `stale` are of another version and about to be dropped;
    `is_behind` says that this code needs a version the database does not have.
    """

    size: int
    ready: int
    stale: int
    version: SchemaVersion | None
    is_behind: bool


def claim(*, schema_name: str) -> Schema | None:
    """Make a prepared schema this workspace's own, in the caller's transaction.

    None when none is ready or the code is newer than all of them: `schemas.build` then.
    Raises `IntegrityError` when there is a schema of that name. The pool is filled up again
    after commit.
    """
    version = versions.current()
    if version is None or not _is_usable(version):
        return None
    with schema_context("public"), transaction.atomic(savepoint=False):
        transaction.on_commit(ask_for_refill)
        if schemas.call("claim_schema", schema_name, version.pk) is None:
            return None
        return Schema.objects.get(name=schema_name)


def provide(*, schema_name: str, report: schemas.Report = schemas.ignore) -> Schema:
    """The workspace's schema: the one it has, a prepared one, or one built now."""
    return (
        schemas.find(schema_name=schema_name)
        or claim(schema_name=schema_name)
        or schemas.build(schema_name=schema_name, report=report)
    )


def refill() -> int:
    """Drop what is of another version and build until the pool is full; returns how many.

    One at a time and each in a transaction of its own, so that a run killed anywhere leaves
    nothing half made. While another does it, this returns at once.
    """
    _is_usable(versions.current())
    built = 0
    while True:
        with schema_context("public"), transaction.atomic():
            version = versions.current()
            if version is None or not _is_our_turn():
                return built
            if not _drop_stale(version):
                if not _build_missing(version):
                    return built
                built += 1


def status() -> Status:
    version = versions.current()
    prepared = Schema.objects.prepared()
    ready = prepared.filter(version=version).count() if version else 0
    return Status(
        size=settings.FLEET_POOL_SIZE,
        ready=ready,
        stale=prepared.count() - ready,
        version=version,
        is_behind=version is None or versions.is_behind(version),
    )


def ask_for_refill() -> None:
    """Have a worker fill up; where the broker cannot be reached, the schedule does it later."""
    from apps.fleet.tasks import send_refill

    if settings.FLEET_POOL_SIZE:
        send_refill()


def _is_usable(version: SchemaVersion | None) -> bool:
    """By this code; where it is not, the log tells the operators why sign-ups wait."""
    if version is not None and not versions.is_behind(version):
        return True
    log.warning("schemas_behind", hint="run `manage.py fleet migrate`")
    return False


def _is_our_turn() -> bool:
    # Held until this transaction ends: session locks do not survive a transaction pooler.
    with connection.cursor() as cursor:
        cursor.execute(TURN)
        return bool(cursor.fetchone()[0])


def _drop_stale(version: SchemaVersion) -> bool:
    """Drop one that nobody will be given any more; False when there is none."""
    stale = Schema.objects.prepared().exclude(version=version).first()
    return stale is not None and schemas.drop(schema_name=stale.name)


def _build_missing(version: SchemaVersion) -> bool:
    """Build one when there is room; False when the pool is full."""
    if Schema.objects.prepared().filter(version=version).count() >= settings.FLEET_POOL_SIZE:
        return False
    schemas.prepare(version=version)
    return True
