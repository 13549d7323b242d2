"""Chains and groups: jobs that belong together, under a parent that shows them as one.

`chain` and `group` are Celery's words (https://docs.celeryq.dev/en/stable/userguide/canvas.html),
and members are its signatures, `task.s(…)` of what `enqueue` takes. But the order is kept in the
database, not in the broker's messages: whoever ends a member locks the parent first, and decides
under that lock what comes next. Results are not passed on; members read what was written before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from celery.canvas import Signature
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from apps.core.database import connection
from apps.jobs.models import UNREACHED, JobRun
from apps.jobs.services import endings, runs, tickets
from apps.jobs.services.runs import Place

OPEN = (JobRun.State.QUEUED, JobRun.State.RUNNING)
FIRST = 0


def chain(*, name: str, title: str, members: Sequence[Signature], by: Any, **keys: str) -> JobRun:
    """Want these one after the other, in the caller's transaction; returns the parent.

    One that fails for good or is cancelled stops the chain: those after it are cancelled. `name` is
    the parent's as a task's is, `title` what people read. `idempotency` or `unique` as a task's,
    filled in: a parent of the same value, ever or unfinished, is returned instead. Raises
    `MemberTaken` when a member's own key is in use.
    """
    return _begin(JobRun.Kind.CHAIN, name, title, list(enumerate(members)), by, **keys)


def group(
    *,
    name: str,
    title: str,
    members: Sequence[Signature],
    by: Any,
    then: Signature | None = None,
    **keys: str,
) -> JobRun:
    """Want these in any order, side by side, and when all have succeeded `then`. One that fails
    does not stop the others. Otherwise as `chain`.
    """
    placed = [(FIRST, member) for member in members]
    if then is not None:
        placed.append((FIRST + 1, then))
    return _begin(JobRun.Kind.GROUP, name, title, placed, by, **keys)


@contextmanager
def followed(run: JobRun) -> Iterator[None]:
    """Around a change of the run's state: one transaction, at whose end its parent follows.

    The parent's row is locked first, by everybody, so of the last two members that end in the same
    moment the second sees the first's end.
    """
    parent_id = run.pk if run.kind else run.parent_id
    if parent_id is None:
        yield
        return
    with transaction.atomic():
        parent = JobRun.objects.select_for_update().get(pk=parent_id)
        yield
        parent.refresh_from_db()
        _follow(parent)


def _begin(
    kind: str,
    name: str,
    title: str,
    placed: list[tuple[int, Signature]],
    by: Any,
    *,
    idempotency: str = "",
    unique: str = "",
) -> JobRun:
    if not placed:
        raise ValueError("a chain or group has members")
    prefix = f"{name}:{connection.schema_name}:"
    with transaction.atomic():
        parent = runs.request(
            name=name, arguments={}, by=by, kind=kind, label=title, metered=False,
            queue=placed[0][1].type.job_queue,
            idempotency_key=prefix + idempotency if idempotency else None,
            unique_key=prefix + unique if unique else None,
        )  # fmt: skip
        if not parent.family.exists():
            for stage, member in placed:
                member.type.enqueue(by=by, place=Place(parent, stage), **member.kwargs)
    return parent


def _follow(parent: JobRun) -> None:
    if parent.is_final:
        return
    states = parent.family.order_by().values_list("state").annotate(Count("pk"))
    counts = Counter({str(state): number for state, number in states})
    if not any(counts[state] for state in OPEN):
        culprit = parent.family.ended_badly().order_by("-state", "finished_at").first()
        if culprit is not None:
            _stop(parent, culprit)
            return
        if not counts[JobRun.State.PENDING]:
            endings.end(parent, JobRun.State.SUCCEEDED, progress=100, message="All done")
            return
        _start_next(parent)
    parent.message = f"{counts[JobRun.State.SUCCEEDED]} of {counts.total()} done"
    parent.save(update_fields=["message"])
    runs.show_progress(parent_id=parent.pk)


def _start_next(parent: JobRun) -> None:
    waiting = parent.family.filter(state=JobRun.State.PENDING)
    stage = waiting.values_list("stage", flat=True)[0]
    for member in waiting.filter(stage=stage).select_for_update():
        member.state, member.due_at = JobRun.State.QUEUED, timezone.now()
        member.save(update_fields=["state", "due_at"])
        runs.announce(member)
        transaction.on_commit(partial(tickets.issue, run=member))


def _stop(parent: JobRun, culprit: JobRun) -> None:
    """What has not begun never begins, and the parent ends as the one did that stopped it."""
    what = "failed" if culprit.state == JobRun.State.FAILED else "was cancelled"
    reason = {
        "code": UNREACHED, "title": "Not begun",
        "detail": f"“{culprit.title}” {what}, and this comes after it.",
    }  # fmt: skip
    for member in parent.family.filter(state=JobRun.State.PENDING).select_for_update():
        endings.end(member, JobRun.State.CANCELLED, problem=reason)
    problem = culprit.problem or {}
    if parent.cancel_asked_at is not None and culprit.state == JobRun.State.CANCELLED:
        problem = endings.cancelled_by(parent.cancel_asked_by)
    else:
        problem = {**problem, "detail": f"{culprit.title}: {problem.get('detail', what)}"}
    endings.end(parent, JobRun.State(culprit.state), problem=problem)
