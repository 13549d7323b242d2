"""How a `JobRun` ends: well, badly, cancelled, or not yet."""

from __future__ import annotations

import random
import traceback
from datetime import timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from apps.core.actors import label_of
from apps.core.errors import Conflict, DomainError, VendorError
from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import endings, lanes, runs, statements, tickets, workflows

BASE_DELAY = 2.0
LONGEST_DELAY = 300.0
LONGEST_TRACEBACK = 20_000
UNKNOWN_FOR, UNKNOWN_PAUSE = timedelta(hours=1), 20.0


class NotCancellable(Conflict):
    code = "not_cancellable"
    title = "This job cannot be cancelled"


class Stopped(Conflict):
    """Raised by a task that finds nothing to do any more, for a reason that its customer reads. It
    ends as cancelled, with what comes after it; no operator has to look at it.
    """

    code = "job_stopped"
    title = "This did not go on"


def succeed(*, run: JobRun, result: Any = None) -> None:
    """The work is done. Nothing happens when the run was taken away from this worker."""
    now = timezone.now()
    with workflows.followed(run):
        if statements.succeed(run=run, finished_at=now, result=result):
            run.state, run.finished_at = JobRun.State.SUCCEEDED, now
            run.progress, run.result = 100, result
            runs.announce(run)
        else:
            run.refresh_from_db()


def fail(*, run: JobRun, error: BaseException) -> None:
    """End the run, or put it back with a delay when the error says that trying again can help."""
    if isinstance(error, runs.Outrun) and _end_cancelled(run):
        return
    if isinstance(error, Stopped):
        _finish(run, JobRun.State.CANCELLED, problem=_problem(error))
        return
    if isinstance(error, VendorError):
        if run.lane and error.retry_after:
            lanes.close(run.lane, error.retry_after)
        if not error.permanent and run.attempts < run.max_attempts:
            _postpone(run, error)
            return
    _finish(
        run, JobRun.State.FAILED, problem=_problem(error),
        traceback="".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:],
    )  # fmt: skip


def cancel(*, run: JobRun, by: Any) -> JobRun:
    """Stop it: at once when it has not begun, else where its worker next reports or renews its
    lease; one that ends before that has ended. With a parent its members are stopped, but for
    those that have begun and cannot be. Raises `NotCancellable`.
    """
    if not run.is_cancellable:
        raise NotCancellable("It has ended, is being cancelled, or cannot be stopped half way.")
    who = label_of(by)
    with workflows.followed(run), transaction.atomic():
        locked = JobRun.objects.select_for_update().get(pk=run.pk)
        if locked.is_final:
            raise NotCancellable(f"It has {locked.get_state_display()} in the meantime.")
        _ask_to_end(locked, who)
        for member in locked.family.unfinished().select_for_update() if locked.kind else ():
            if member.is_cancellable:
                _ask_to_end(member, who)
        signals.job_cancel_asked.send(sender=JobRun, run=locked, by=by)
    locked.refresh_from_db()
    return locked


def give_up_unknown(*, run: JobRun) -> None:
    """A task that this worker has no code for: of a newer release, or of one that is gone."""
    if timezone.now() - run.created_at < UNKNOWN_FOR:
        runs.give_back(run=run, wait=UNKNOWN_PAUSE, message="Waits for a worker that knows it")
    else:
        problem = {"code": "job_unknown", "title": "No worker knows this job"}
        _finish(run, JobRun.State.FAILED, problem={**problem, "detail": f"It is {run.name}."})


def rescue() -> int:
    """Put back what a killed worker left, and have the broker know of all that is due. Returns how
    many runs and messages.
    """
    count = sum(_recover(run) for run in JobRun.objects.lost()[:500])
    return count + tickets.top_up()


def _recover(run: JobRun) -> bool:
    if run.cancel_asked_at is not None:
        return _end_cancelled(run)
    if run.attempts >= run.max_attempts:
        return _finish(run, JobRun.State.FAILED, problem={
            "code": "worker_lost", "title": "The worker was lost",
            "detail": f"No worker could finish this in {run.attempts} attempts.",
        })  # fmt: skip
    taken = (
        JobRun.objects.held(run)
        .filter(heartbeat_at=run.heartbeat_at)
        .update(state=JobRun.State.QUEUED, due_at=timezone.now())
    )
    return bool(taken)


def _ask_to_end(locked: JobRun, who: str) -> None:
    locked.cancel_asked_at, locked.cancel_asked_by = timezone.now(), who
    locked.save(update_fields=["cancel_asked_at", "cancel_asked_by"])
    if locked.kind or locked.state == JobRun.State.RUNNING:
        runs.announce(locked)
    else:
        endings.end(locked, JobRun.State.CANCELLED, problem=endings.cancelled_by(who))


def _postpone(run: JobRun, error: VendorError) -> None:
    delay = error.retry_after or min(LONGEST_DELAY, BASE_DELAY * 2 ** (run.attempts - 1))
    delay += random.uniform(0, delay / 4)  # noqa: S311 -- jitter, not a secret
    with transaction.atomic():
        put_back = JobRun.objects.going_on(run).update(
            state=JobRun.State.QUEUED,
            due_at=timezone.now() + timedelta(seconds=delay),
            problem=_problem(error),
            message=f"Trying again in {delay:.0f} s: {error.detail}"[:300],
        )
        if not put_back:
            _end_cancelled(run)
            return
        run.refresh_from_db()
        transaction.on_commit(lambda: tickets.issue(run=run))
        runs.announce(run)


def _end_cancelled(run: JobRun) -> bool:
    """End a running run that is to be cancelled; False when it is not, or not held any more."""
    with workflows.followed(run), transaction.atomic():
        asked = (
            JobRun.objects.held(run)
            .filter(cancel_asked_at__isnull=False)
            .select_for_update()
            .first()
        )
        if asked is None:
            return False
        endings.end(
            asked, JobRun.State.CANCELLED, problem=endings.cancelled_by(asked.cancel_asked_by)
        )
    run.refresh_from_db()
    return True


def _finish(run: JobRun, state: JobRun.State, **changes: Any) -> bool:
    """End a run that this worker holds; False when it was taken away."""
    with workflows.followed(run), transaction.atomic():
        held = JobRun.objects.held(run).select_for_update().first()
        if held is not None:
            endings.end(held, state, **changes)
    run.refresh_from_db()
    return held is not None


def _problem(error: BaseException) -> dict[str, Any]:
    if isinstance(error, DomainError):
        return error.as_problem()
    if isinstance(error, SoftTimeLimitExceeded | TimeLimitExceeded):
        return {
            "code": "time_limit",
            "title": "This took too long",
            "detail": "The job was stopped at its time limit, in the middle of its work.",
        }
    return {
        "code": "internal_error",
        "title": "Something went wrong on our side",
        "detail": f"{type(error).__name__}: the operators have been told.",
    }
