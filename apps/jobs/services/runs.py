"""The life of a `JobRun`: request, claim, report, end."""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.core.database import connection
from apps.core.errors import Conflict, DomainError, NotFound, VendorError
from apps.jobs import signals
from apps.jobs.models import JobRun

BASE_DELAY = 2.0
LONGEST_DELAY = 300.0


class Outrun(Conflict):
    code = "job_outrun"
    title = "Another worker has taken this job over"


def request(
    *,
    name: str,
    arguments: dict[str, Any],
    by: Any,
    queue: str = "default",
    max_attempts: int = 5,
    idempotency_key: str | None = None,
    schema_name: str | None = None,
    metered: bool = True,
) -> JobRun:
    """Record the wish in the caller's transaction and hand it to the broker after commit.

    With an `idempotency_key` that was used before, the earlier run is returned. `metered=False`
    is work that is counted as something else, or that no workspace should pay for.
    """
    values = {
        "name": name,
        "arguments": arguments,
        "queue": queue,
        "max_attempts": max_attempts,
        "schema_name": schema_name or connection.schema_name,
        "actor_id": getattr(by, "pk", None),
        "actor_label": str(getattr(by, "email", None) or by or "system"),
    }
    with transaction.atomic():
        if idempotency_key is None:
            run, created = JobRun.objects.create(**values), True
        else:
            run, created = JobRun.objects.get_or_create(
                idempotency_key=idempotency_key, defaults=values
            )
        if created:
            signals.job_requested.send(sender=JobRun, run=run, by=by, metered=metered)
            transaction.on_commit(lambda: send(run=run))
    return run


def find(*, run_id: UUID | str | None) -> JobRun:
    """Raises `NotFound`."""
    run = JobRun.objects.filter(pk=run_id).first() if run_id else None
    if run is None:
        raise NotFound("There is no such job.")
    return run


def send(*, run: JobRun) -> bool:
    """Hand a queued run to the broker. False when it cannot be reached: `rescue` sends it later."""
    countdown = max(0.0, (run.due_at - timezone.now()).total_seconds())
    try:
        current_app.send_task(
            run.name,
            kwargs={"run_id": str(run.pk)},
            headers={"workspace": run.schema_name},
            queue=run.queue,
            countdown=countdown or None,
            retry=False,
        )
    except (OperationalError, RedisError, OSError):
        return False
    JobRun.objects.filter(pk=run.pk).update(sent_at=timezone.now())
    return True


def claim(*, run_id: str) -> JobRun | None:
    """Take a queued run for this worker, or None when another has it or it is over."""
    now = timezone.now()
    claimed = JobRun.objects.filter(pk=run_id, state=JobRun.State.QUEUED, due_at__lte=now).update(
        state=JobRun.State.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        problem=None,
    )
    return _announced(JobRun.objects.get(pk=run_id)) if claimed else None


def report(*, run: JobRun, progress: int | None = None, message: str | None = None) -> None:
    """Show how far a running job is: `progress` in percent, `message` for people.

    Raises `Outrun` when the run was taken away, so that its worker stops where it stands.
    """
    changes: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        changes["progress"] = max(0, min(100, progress))
    if message is not None:
        changes["message"] = message[:300]
    if not _held(run).update(**changes):
        raise Outrun
    # Not read again: the attempt this worker was given is what the run is held by.
    for name, value in changes.items():
        setattr(run, name, value)
    _announced(run)


def beat(*, run: JobRun) -> bool:
    """Renew the lease. False when the run was taken away (rescued or cancelled)."""
    return bool(_held(run).update(heartbeat_at=timezone.now()))


def succeed(*, run: JobRun, result: Any = None) -> None:
    _finish(run, JobRun.State.SUCCEEDED, progress=100, result=result)


def fail(*, run: JobRun, error: BaseException) -> None:
    """End the run, or put it back with a delay when the error says that trying again can help."""
    if isinstance(error, VendorError) and not error.permanent and run.attempts < run.max_attempts:
        _postpone(run, error)
    else:
        _finish(run, JobRun.State.FAILED, problem=_problem(error))


def rescue() -> int:
    """Send what the broker never got, and put back what a killed worker left. Returns how many."""
    count = 0
    for run in JobRun.objects.lost()[:500]:
        count += _recover(run)
    for run in JobRun.objects.unsent().order_by("due_at")[:500]:
        count += send(run=run)
    return count


def _recover(run: JobRun) -> bool:
    if run.attempts >= run.max_attempts:
        return _finish(run, JobRun.State.FAILED, problem={
            "code": "worker_lost", "title": "The worker was lost",
            "detail": f"No worker could finish this in {run.attempts} attempts.",
        })  # fmt: skip
    taken = (
        _held(run)
        .filter(heartbeat_at=run.heartbeat_at)
        .update(state=JobRun.State.QUEUED, due_at=timezone.now(), sent_at=None)
    )
    return bool(taken)


def _held(run: JobRun) -> QuerySet[JobRun]:
    """The run's row for as long as the attempt that `run` remembers is the running one."""
    return JobRun.objects.filter(pk=run.pk, state=JobRun.State.RUNNING, attempts=run.attempts)


def _postpone(run: JobRun, error: VendorError) -> None:
    delay = error.retry_after or min(LONGEST_DELAY, BASE_DELAY * 2 ** (run.attempts - 1))
    delay += random.uniform(0, delay / 4)  # noqa: S311 -- jitter, not a secret
    with transaction.atomic():
        put_back = _held(run).update(
            state=JobRun.State.QUEUED,
            due_at=timezone.now() + timedelta(seconds=delay),
            sent_at=None,
            problem=_problem(error),
            message=f"Trying again in {delay:.0f} s: {error.detail}"[:300],
        )
        run.refresh_from_db()
        if put_back:
            transaction.on_commit(lambda: send(run=run))
            _announced(run)


def _finish(run: JobRun, state: JobRun.State, **changes: Any) -> bool:
    with transaction.atomic():
        ended = _held(run).update(state=state, finished_at=timezone.now(), **changes)
        run.refresh_from_db()
        if ended and state == JobRun.State.FAILED:
            signals.job_failed.send(sender=JobRun, run=run)
    if ended:
        _announced(run)
    return bool(ended)


def _problem(error: BaseException) -> dict[str, Any]:
    if isinstance(error, DomainError):
        return error.as_problem()
    if isinstance(error, SoftTimeLimitExceeded):
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


def _announced(run: JobRun) -> JobRun:
    def announce() -> None:
        # A listener that cannot be reached (realtime) never ends the work itself.
        with contextlib.suppress(VendorError, RedisError):
            signals.job_changed.send(sender=JobRun, run=run)

    transaction.on_commit(announce)
    return run
