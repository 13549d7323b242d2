"""A rollout's rows: the rings, an item for each schema, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.audit.services import entries
from apps.fleet import signals
from apps.fleet.errors import RolledBack
from apps.fleet.models import Rollout, RolloutItem, Schema, SchemaVersion
from apps.fleet.services import rings, versions
from apps.fleet.services.courses import Progress

log = structlog.get_logger(__name__)
State = Rollout.State
ItemState = RolloutItem.State
OPEN = (State.RUNNING, State.PAUSED, State.FAILED)
REASONS_SHOWN, NAMES_SHOWN = 10, 5
LEFT = (ItemState.PENDING, ItemState.BLOCKED, ItemState.FAILED)


def find_open(*, target: SchemaVersion) -> Rollout | None:
    """The rollout to go on with, its failed schemas to be tried again; one to another version is
    given up. Raises `RolledBack` where a return had begun.
    """
    found = Rollout.objects.filter(state__in=OPEN).select_related("target").first()
    if found and found.target_id != target.pk:
        found.problem = f"Given up for version {target}. {found.problem}".strip()
        finish(rollout=found, state=State.SUPERSEDED)
        return None
    if found:
        if found.target.retired_at:
            raise RolledBack("This version is being rolled back: finish it with `fleet rollback`.")
        found.state, found.problem = State.RUNNING, ""
        found.save(update_fields=["state", "problem"])
        found.items.filter(state=ItemState.FAILED).update(state=ItemState.PENDING)
    return found


def begin(*, target: SchemaVersion, by: str, plan: str, again: bool) -> Rollout | None:
    """A new rollout of all schemas that are behind, in the rings of `plan`; None when none are.

    Raises `RolledBack` for a version that was taken back, unless it is wanted `again`.
    """
    behind = list(Schema.objects.exclude(version=target))
    divided = _divide(behind, plan)
    if not behind:
        return None
    if target.retired_at and not again:
        raise RolledBack(
            f"Version {target} was rolled back on {target.retired_at:%d %B, %H:%M}. Mend it with "
            "a new migration, or bring it out once more with `fleet migrate --again`."
        )
    with transaction.atomic():
        if target.retired_at:
            versions.release(version=target, using="default")
        listed = [{"name": name, "schemas": len(names)} for name, names in divided.items()]
        rollout = Rollout.objects.create(target=target, actor_label=by, rings=listed)
        for number, names in enumerate(map(set, divided.values())):
            add(rollout=rollout, rows=[row for row in behind if row.name in names], ring=number)
        entries.record(
            action="fleet.rollout_started", by=by, schema_name="public", target=rollout,
            data={"version": target.fingerprint, "rings": listed},
        )  # fmt: skip
    return rollout


def add(*, rollout: Rollout, rows: Sequence[Schema], ring: int) -> None:
    """An item for each of these schemas; half-done steps outside a transaction stay known."""
    names = [row.name for row in rows]
    # Of the last rollout alone: what an older one notes may have been undone since.
    last = Rollout.objects.exclude(pk=rollout.pk).values("pk")[:1]
    left = RolloutItem.objects.filter(rollout__in=last, schema_name__in=names, state__in=LEFT)
    progress = dict(left.exclude(progress={}).values_list("schema_name", "progress"))
    RolloutItem.objects.bulk_create(
        RolloutItem(
            rollout=rollout, schema_name=row.name, origin_id=row.version_id, ring=ring,
            progress=progress.get(row.name, {}),
        )
        for row in rows
    )  # fmt: skip


def add_newcomers(*, rollout: Rollout) -> int:
    """Schemas that came to be at an older version meanwhile join the last ring; how many."""
    known = rollout.items.values("schema_name")
    rows = list(Schema.objects.exclude(version=rollout.target).exclude(name__in=known))
    if rows:
        rollout.rings[-1]["schemas"] += len(rows)
        add(rollout=rollout, rows=rows, ring=len(rollout.rings) - 1)
        rollout.save(update_fields=["rings"])
    return len(rows)


def finish(*, rollout: Rollout, state: str, alarm: bool = False) -> None:
    """Write down where it stands; with `alarm` the operators are told."""
    with transaction.atomic():
        rollout.state = state
        rollout.finished_at = None if state in OPEN else timezone.now()
        rollout.save(update_fields=["state", "problem", "finished_at"])
        entries.record(
            action=f"fleet.rollout_{state}", by=rollout.actor_label, schema_name="public",
            target=rollout, data={"problem": rollout.problem[:1000]},
        )  # fmt: skip
        if alarm:
            log.error("rollout_stopped", rollout=str(rollout.pk), problem=rollout.problem)
            signals.rollout_stopped.send(sender=Rollout, rollout=rollout)


def describe_left(*, items: Iterable[RolloutItem], again: str = "fleet migrate") -> str:
    """What stands in the way of those that were left behind, the most frequent first."""
    found = list(items)
    reasons: dict[str, list[str]] = {}
    for item in found:
        reasons.setdefault(item.problem or "not reached", []).append(item.schema_name)
    lines = [f"{len(found)} schemas were left behind; `{again}` tries them again."]
    for reason, names in sorted(reasons.items(), key=lambda pair: -len(pair[1]))[:REASONS_SHOWN]:
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        lines.append(f"{', '.join(names[:NAMES_SHOWN])}{more}: {reason}")
    return "\n".join(lines)


def progress(*, rollout: Rollout) -> list[Progress]:
    """How far each ring is, by one query."""
    found = {index: Progress(ring["name"], 0) for index, ring in enumerate(rollout.rings)}
    counted = rollout.items.values_list("ring", "state").annotate(Count("pk")).order_by()
    for index, state, number in counted:
        one = found[index]
        one.total += number
        one.done += number * (state == ItemState.DONE)
        one.blocked += number * (state == ItemState.BLOCKED)
        one.failed += number * (state == ItemState.FAILED)
    return list(found.values())


def _divide(behind: Sequence[Schema], plan: str) -> dict[str, list[str]]:
    """Rings of workspaces. Prepared schemas go with the first, so that new customers need not
    wait while the fleet is on its way.
    """
    divided = rings.divide(
        [row.name for row in behind if row.kind == Schema.Kind.WORKSPACE],
        rings=rings.parse(plan),
        canaries=[row.name for row in behind if row.is_canary],
    ) or {"pool": []}
    prepared = [row.name for row in behind if row.kind == Schema.Kind.PREPARED]
    next(iter(divided.values())).extend(prepared)
    return divided
