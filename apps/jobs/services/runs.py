"""The life of a `JobRun`: request, claim, report, end."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Avg, F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Floor
from django.utils import timezone
from redis.exceptions import RedisError
from structlog.contextvars import get_contextvars

from apps.core.actors import label_of
from apps.core.database import connection
from apps.core.errors import Conflict, NotFound, VendorError
from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import lanes, shares, statements, tickets, workers


class Outrun(Conflict):
    code = "job_outrun"
    title = "Another worker has taken this job over, or it is to be cancelled"


class MemberTaken(Conflict):
    code = "job_member_taken"
    title = "A part of this is under way by itself already"


@dataclass(frozen=True)
class Place:
    """Where in a chain or group a run belongs; it waits unless its stage is the first."""

    parent: JobRun
    stage: int


def request(
    *,
    name: str,
    arguments: dict[str, Any],
    by: Any,
    private: dict[str, Any] | None = None,
    queue: str = "default",
    max_attempts: int = 5,
    idempotency_key: str | None = None,
    unique_key: str | None = None,
    lane: str = "",
    due_at: datetime | None = None,
    schema_name: str | None = None,
    metered: bool = True,
    place: Place | None = None,
    kind: str = "",
    label: str = "",
) -> JobRun:
    """Record the wish in the caller's transaction and hand it to the broker after commit.

    With an `idempotency_key` that was used before, or a `unique_key` of a run that has not ended,
    that run is returned. `private` arguments are encrypted. `metered=False` is work that is counted
    as something else, or that no workspace should pay for. `label` is read instead of a title.
    `workflows` gives `place` and `kind`; a member that exists already raises `MemberTaken`.
    """
    values: dict[str, Any] = {
        "name": name,
        "arguments": arguments,
        "private_arguments": json.dumps(private) if private else "",
        "queue": queue,
        "lane": lane,
        "max_attempts": max_attempts,
        "schema_name": schema_name or connection.schema_name,
        **_origin(by),
        "due_at": due_at or timezone.now(),
        "state": JobRun.State.PENDING if kind or (place and place.stage) else JobRun.State.QUEUED,
        "kind": kind,
        "label": label[:120],
        **(vars(place) if place else {}),
    }
    if idempotency_key is None and unique_key is None:
        return _create(JobRun(**values), by, metered)
    with transaction.atomic():
        run, is_new = _get_or_create(idempotency_key, unique_key, values)
        if is_new:
            signals.job_requested.send(sender=JobRun, run=run, by=by, metered=metered)
            _send(run)
    if place is not None and not is_new:
        raise MemberTaken(f"{run.title} is {run.state}; wait until it has ended.")
    return run


def _create(run: JobRun, by: Any, metered: bool) -> JobRun:  # noqa: FBT001
    """Who may refuse it is asked before anything is written, so it needs no savepoint."""
    with contextlib.nullcontext() if connection.in_atomic_block else transaction.atomic():
        signals.job_requested.send(sender=JobRun, run=run, by=by, metered=metered)
        statements.insert(run)
        _send(run)
    return run


def _send(run: JobRun) -> None:
    if run.state == JobRun.State.QUEUED:
        transaction.on_commit(lambda: tickets.issue(run=run))


def _get_or_create(
    idempotency_key: str | None, unique_key: str | None, values: dict[str, Any]
) -> tuple[JobRun, bool]:
    if idempotency_key is not None:
        values = {**values, "unique_key": unique_key}
        return JobRun.objects.get_or_create(idempotency_key=idempotency_key, defaults=values)
    return JobRun.objects.unfinished().get_or_create(unique_key=unique_key, defaults=values)


def _origin(by: Any) -> dict[str, Any]:
    return {
        "actor_id": getattr(by, "pk", None),
        "actor_label": label_of(by),
        "trace_id": str(get_contextvars().get("request_id", ""))[:64],
    }


def find(*, run_id: UUID | str | None) -> JobRun:
    """Raises `NotFound`."""
    run = JobRun.objects.filter(pk=run_id).first() if run_id else None
    if run is None:
        raise NotFound("There is no such job.")
    return run


def claim(*, run_id: str) -> JobRun | None:
    """Take this very run out of its turn, or None when another has it or it is over."""
    now = timezone.now()
    claimed = JobRun.objects.filter(pk=run_id, state=JobRun.State.QUEUED, due_at__lte=now).update(
        state=JobRun.State.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        worker=workers.current(),
        problem=None,
        message="",
    )
    return _begun(JobRun.objects.get(pk=run_id)) if claimed else None


def take(*, queue: str) -> JobRun | None:
    """The run of this queue whose turn it is, claimed for this worker; None when there is none."""
    while run := shares.take(queue):
        wait = lanes.enter(run.lane)
        if not wait:
            return _begun(run)
        # Due as before: its lane is closed, and in its turn it keeps its place.
        JobRun.objects.held(run).update(state=JobRun.State.QUEUED, attempts=F("attempts") - 1)
        tickets.issue_to(queue, wait=wait)
    return None


def give_back(*, run: JobRun, wait: float, message: str) -> None:
    """Put a run that was claimed back as if it had not been, to be due in `wait` seconds."""
    JobRun.objects.held(run).update(
        state=JobRun.State.QUEUED,
        attempts=F("attempts") - 1,
        due_at=timezone.now() + timedelta(seconds=wait),
        message=message,
    )


def report(*, run: JobRun, progress: int | None = None, message: str | None = None) -> None:
    """Show how far a running job is: `progress` in percent, `message` for people.

    Raises `Outrun` when the run was taken away, or is to be cancelled, so that its worker stops
    where it stands.
    """
    changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        changes["progress"] = max(0, min(100, progress))
    if message is not None:
        changes["message"] = message[:300]
    if not JobRun.objects.going_on(run).update(**changes):
        raise Outrun
    # Not read again: the attempt this worker was given is what the run is held by.
    for name, value in changes.items():
        setattr(run, name, value)
    announce(run)
    if progress is not None and run.parent_id is not None:
        show_progress(parent_id=run.parent_id)


def beat(*, run: JobRun) -> bool:
    """Renew the lease. False when the run was taken away (rescued), or is to be cancelled."""
    return bool(JobRun.objects.going_on(run).update(heartbeat_at=timezone.now()))


def show_progress(*, parent_id: UUID) -> None:
    """A parent is as far as its members are on the average, and runs once one of them has begun."""
    of_members = JobRun.objects.filter(parent=OuterRef("pk")).order_by().values("parent")
    moved = JobRun.objects.filter(pk=parent_id, finished_at__isnull=True).update(
        state=JobRun.State.RUNNING,
        started_at=Coalesce("started_at", timezone.now()),
        progress=Subquery(of_members.values(average=Floor(Avg("progress")))),
    )
    if moved:
        announce(JobRun.objects.get(pk=parent_id))


def _begun(run: JobRun) -> JobRun:
    """Its parent shows it at once, others hear of it from its lease."""
    if run.parent_id is not None:
        show_progress(parent_id=run.parent_id)
    return run


def announce(run: JobRun) -> JobRun:
    """Tell whoever watches, after commit."""

    def tell() -> None:
        # A listener that cannot be reached (realtime) never ends the work itself.
        with contextlib.suppress(VendorError, RedisError):
            signals.job_changed.send(sender=JobRun, run=run)

    transaction.on_commit(tell)
    return run
