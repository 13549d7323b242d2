"""The whole fleet's way to the version of the code, ring after ring, and what is known of it.

What is done stands in the database with each schema, so a run that was killed anywhere goes on
where it was when it is started again.
"""

from __future__ import annotations

from django.db import transaction

from apps.audit.services import entries
from apps.core.errors import Conflict
from apps.fleet.models import Rollout, Schema, SchemaVersion
from apps.fleet.services import (
    grants,
    itineraries,
    ledger,
    locks,
    owner,
    rollbacks,
    shared,
    versions,
    ways,
)
from apps.fleet.services.courses import Course, Unwatched, Watch
from apps.fleet.services.journeys import Journey


def migrate(*, by: str, course: Course | None = None, watch: Watch | None = None) -> Rollout | None:
    """Bring public and all workspaces to the code's version; None when all were there.

    The rollout it returns is COMPLETED, or PAUSED or FAILED with its `problem` in words; then
    the next call goes on with it. Raises `FleetBusy` while another run is at work, and
    `UnsafeMigration`, `RolledBack`, `RecordingDiffers`, `RingsInvalid` or `NoWay` before a
    workspace is changed.
    """
    course, watch = course or Course(), watch or Unwatched()
    if is_up_to_date():
        return None
    with owner.session(), locks.only_one(by=by):
        _refuse_unsafe()
        for label, number in sorted(shared.migrate().items()):
            watch.say(f"public: {label}, {number} applied")
        target = versions.bring_up(using="default")
        for origin in SchemaVersion.objects.light().filter(pk__in=Schema.objects.values("version")):
            ways.require_forward(origin=origin, target=target)
        rollout = itineraries.find_open(target=target) or itineraries.begin(
            target=target, by=by, plan=course.rings, again=course.again
        )
        if rollout is None:
            return None
        Journey(rollout, course=course, watch=watch).go()
        if course.auto_rollback and rollout.state == Rollout.State.FAILED:
            rollbacks.bring_back(rollout=rollout, by=by, course=course, watch=watch)
        return rollout


def is_up_to_date() -> bool:
    """Whether `migrate` would find nothing to do: a handful of queries, however many workspaces."""
    if shared.missing() or not _is_whole():
        return False
    version = versions.recorded()
    if version is None or Schema.objects.exclude(version=version).exists():
        return False
    return not Rollout.objects.filter(state__in=itineraries.OPEN).exists()


def _is_whole() -> bool:
    """Whether the fleet's own functions and its ledger are there and complete."""
    return (
        shared.has_table("fleet_schema")
        and grants.are_installed(using="default")
        and ledger.is_complete(using="default")
    )


def _refuse_unsafe() -> None:
    """A database without a ledger is new: in empty tables everything is safe."""
    from apps.fleet.services import plans  # the rules, which most runs have no need of

    if shared.has_table("fleet_schema"):
        shared.migrate_own_tables()
        plans.refuse_unsafe(plans.make(using="default", rehearse=False))


def stop(*, rollout: Rollout, by: object) -> None:
    """Ask a run that is under way to stop after the schema it is at; `migrate` goes on from there.
    Raises `Conflict` when it is not running.
    """
    with transaction.atomic():
        running = Rollout.objects.filter(pk=rollout.pk, state=Rollout.State.RUNNING)
        if not running.update(state=Rollout.State.PAUSED, problem=f"Stopped by {by}."):
            raise Conflict("This rollout is not running.")
        entries.record(action="fleet.rollout_stopped", by=by, schema_name="public", target=rollout)
