"""Dead letters: what failed for good is run again or discarded, one by one or all that match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core.actors import label_of
from apps.core.errors import Conflict, Invalid
from apps.jobs import signals
from apps.jobs.models import JobRun, JobRunQuerySet
from apps.jobs.services import runs, tickets, workflows

MORE_ATTEMPTS = 5
LONGEST_REASON = 300


class NotReplayable(Conflict):
    code = "not_replayable"
    title = "Only a failed or cancelled job can run again"


@dataclass(frozen=True)
class Match:
    """Which dead letters; what is empty matches all. `code` is that of the problem."""

    name: str = ""
    workspace: str = ""
    code: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def rows(self) -> JobRunQuerySet:
        """The oldest first, so that they run again in their order."""
        wanted = {
            "name": self.name, "schema_name": self.workspace, "problem__code": self.code,
            "finished_at__gte": self.since, "finished_at__lte": self.until,
        }  # fmt: skip
        found = JobRun.objects.dead().filter(**{k: v for k, v in wanted.items() if v})
        return found.order_by("finished_at")


def replay(*, run: JobRun, by: Any) -> JobRun:
    """Put the same run back in its queue, so that what refers to it follows.

    Attempts go on counting: a worker of an earlier attempt that comes back finds itself outrun. A
    chain or group goes on from there: its parent's members that did not succeed are put back, or
    with a member those that come after it. Raises `NotReplayable`.
    """
    with workflows.followed(run), transaction.atomic():
        locked = JobRun.objects.select_for_update().get(pk=run.pk)
        if locked.state not in JobRun.UNDONE:
            raise NotReplayable(f"{run.title} is {locked.state}.")
        _require_turn(locked)
        for each in _with_others(locked):
            _put_back(each, by)
    run.refresh_from_db()
    return run


def replay_all(*, rows: Iterable[JobRun], by: Any) -> tuple[int, list[Conflict]]:
    """Each for itself; returns how many run again, and why others do not."""
    count, refusals = 0, []
    for run in rows:
        try:
            replay(run=run, by=by)
        except Conflict as refusal:
            refusals.append(refusal)
        else:
            count += 1
    return count, refusals


def discard(*, rows: JobRunQuerySet, reason: str, by: Any) -> int:
    """Leave dead letters as they are, for a reason; they stay on record but are none any more.
    Returns how many. Raises `Invalid` without a reason.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        text = f"Say in at most {LONGEST_REASON} characters why nobody needs them."
        raise Invalid(errors={"reason": [text]})
    with transaction.atomic():
        held = list(JobRun.objects.dead().filter(pk__in=rows.values("pk")).select_for_update())
        JobRun.objects.filter(pk__in=[run.pk for run in held]).update(
            discarded_at=timezone.now(), discarded_by=label_of(by), discard_reason=reason
        )
        for run in held:
            signals.job_discarded.send(sender=JobRun, run=run, by=by, reason=reason)
    return len(held)


def _with_others(locked: JobRun) -> list[JobRun]:
    """The parent first, then what is to be put back of its members."""
    if locked.kind:
        return [locked, *locked.family.ended_badly().select_for_update()]
    if locked.parent is None:
        return [locked]
    later = locked.parent.family.ended_badly().filter(stage__gt=locked.stage).select_for_update()
    reopened = [locked.parent] if locked.parent.is_final else []
    return [*reopened, locked, *later]


def _put_back(locked: JobRun, by: Any) -> None:
    """To be done at once, or in its turn when others come before it."""
    _require_alone(locked)
    waits = bool(locked.kind) or locked.unmet.exists()
    JobRun.objects.filter(pk=locked.pk).update(
        state=JobRun.State.PENDING if waits else JobRun.State.QUEUED,
        max_attempts=F("attempts") + MORE_ATTEMPTS,
        due_at=timezone.now(), finished_at=None, progress=0, traceback="",
        cancel_asked_at=None, discarded_at=None, discarded_by="", discard_reason="",
        message=f"Run again by {label_of(by)}",
    )  # fmt: skip
    locked.refresh_from_db()
    signals.job_replayed.send(sender=JobRun, run=locked, by=by)
    runs.announce(locked)
    if not waits:
        transaction.on_commit(lambda: tickets.issue(run=locked))


def _require_turn(locked: JobRun) -> None:
    first = locked.unmet.first()
    if first is not None:
        raise NotReplayable(f"{first.title} comes before it and is {first.state}; run that again.")


def _require_alone(locked: JobRun) -> None:
    if not locked.unique_key:
        return
    other = JobRun.objects.unfinished().filter(unique_key=locked.unique_key).first()
    if other is not None:
        raise NotReplayable(f"{other.title} was asked for again since, and is {other.state}.")
