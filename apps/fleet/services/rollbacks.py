"""Back to where the schemas came from, by the recorded statements that undo each step."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.audit.services import entries
from apps.fleet.errors import NothingToRollBack
from apps.fleet.models import Rollout, RolloutItem, Schema, SchemaVersion
from apps.fleet.services import checks, itineraries, locks, owner, schemas, versions, ways
from apps.fleet.services.courses import Course, Unwatched, Watch
from apps.fleet.services.executions import Executions
from apps.fleet.services.itineraries import ItemState, State
from apps.fleet.services.passages import Passage
from apps.fleet.services.replays import Replay

MOVED = (ItemState.DONE, ItemState.BLOCKED, ItemState.FAILED)


def roll_back(
    *, by: str, whole: bool = False, course: Course | None = None, watch: Watch | None = None
) -> Rollout:
    """Return the ring that failed, or with `whole` every schema of the last rollout.

    What its migrations added is dropped with what was written into it since. New customers get
    the version before again. Raises `NothingToRollBack`, `NotReversible` and `FleetBusy`. The
    rollout it returns is ROLLED_BACK, or FAILED with schemas that could not be returned yet;
    calling it again goes on with these.
    """
    with owner.session(), locks.only_one(by=by):
        rollout = Rollout.objects.exclude(state=State.SUPERSEDED).select_related("target").first()
        if rollout is None:
            raise NothingToRollBack("There has been no rollout.")
        course, watch = course or Course(), watch or Unwatched()
        bring_back(rollout=rollout, by=by, course=course, watch=watch, whole=whole)
        return rollout


def bring_back(
    *, rollout: Rollout, by: str, course: Course, watch: Watch, whole: bool = False
) -> None:
    """The same for a given rollout, within the caller's session and lock."""
    items = _choose(rollout, whole=whole)
    replays = _ways_back(rollout, items, course)
    _announce(rollout, by)
    if whole:  # those of the last moment; from here on nobody comes
        items += _adopt_newcomers(rollout, origin=items[-1].origin_id)
    passage = Passage(
        rollout, course=course, watch=watch, replay_of=lambda item: replays[item.origin_id],
        stoppable=False,
    )  # fmt: skip
    passage.move(items, ring="back", allowed=len(items))
    _empty_pool(rollout.target)
    _finish(rollout, items)


def _choose(rollout: Rollout, *, whole: bool) -> list[RolloutItem]:
    if whole:
        origins = rollout.items.order_by("-pk").values_list("origin", flat=True)
        _adopt_newcomers(rollout, origin=origins.first())
    elif rollout.state in (State.COMPLETED, State.ROLLED_BACK):
        raise NothingToRollBack(
            f"The last rollout is {rollout.get_state_display().lower()}. "
            "`fleet rollback --all` returns every schema of it."
        )
    found = rollout.items.filter(state__in=MOVED)
    items = list(found if whole else found.filter(ring=rollout.ring))
    if not items:
        raise NothingToRollBack("None of these schemas was moved.")
    return items


def _adopt_newcomers(rollout: Rollout, *, origin: int | None) -> list[RolloutItem]:
    """Customers who came during the rollout began at its version: they go where the others go."""
    known = rollout.items.values("schema_name")
    rows = Schema.objects.workspaces().filter(version=rollout.target).exclude(name__in=known)
    return RolloutItem.objects.bulk_create(
        RolloutItem(
            rollout=rollout, schema_name=row.name, origin_id=origin, state=ItemState.DONE,
            ring=len(rollout.rings) - 1,
        )
        for row in rows
        if origin
    )  # fmt: skip


def _ways_back(rollout: Rollout, items: Sequence[RolloutItem], course: Course) -> dict[int, Replay]:
    replays, executions = {}, Executions()
    for origin in SchemaVersion.objects.filter(pk__in={item.origin_id for item in items}):
        steps = ways.between(origin=origin, target=rollout.target)
        ways.require_reversible(steps)
        replays[origin.pk] = Replay(
            steps=steps[::-1], origins=(rollout.target_id, origin.pk), target=origin.pk,
            lock_timeout=course.lock_timeout, closing_state=ItemState.ROLLED_BACK,
            backward=True, executions=executions,
        )  # fmt: skip
    return replays


def _announce(rollout: Rollout, by: str) -> None:
    """From here on only back: nobody new gets the version, and `migrate` refuses it."""
    versions.retire(version=rollout.target, using="default")
    with transaction.atomic():
        rollout.state, rollout.finished_at = State.FAILED, None
        rollout.save(update_fields=["state", "finished_at"])
        entries.record(
            action="fleet.rollback_started", by=by, schema_name="public", target=rollout,
            data={"problem": rollout.problem[:1000]},
        )  # fmt: skip


def _empty_pool(version: SchemaVersion) -> None:
    stale = Schema.objects.prepared().filter(version=version)
    for name in list(stale.values_list("name", flat=True)):
        schemas.drop(schema_name=name)


def _finish(rollout: Rollout, items: Sequence[RolloutItem]) -> None:
    """Rolled back when every one of them is, and looks like it."""
    names = [item.schema_name for item in items]
    left = rollout.items.filter(schema_name__in=names).exclude(state=ItemState.ROLLED_BACK)
    wrong = checks.differing(schema_names=names)
    if left.exists():
        rollout.problem = itineraries.describe_left(items=left, again="fleet rollback")
        itineraries.finish(rollout=rollout, state=State.FAILED, alarm=True)
    elif wrong:
        rollout.problem = f"Returned, but:\n{checks.summarise(wrong)}"
        itineraries.finish(rollout=rollout, state=State.FAILED, alarm=True)
    else:
        itineraries.finish(rollout=rollout, state=State.ROLLED_BACK)
