"""The worker's hold on a run, and the question whether it still has it.

A worker that was stopped or cut off for longer than the lease is taken for dead, and another
goes on with its run. Should it wake up after all, it must not act any more: `require_held`,
asked before each part of what cannot be undone, sees the time that has passed on this
machine's own clock, without a database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy

import structlog
from celery.exceptions import TimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from apps.jobs.models import JobRun
from apps.jobs.services import runs, time_limits

log = structlog.get_logger(__name__)


class Lease:
    """Held until a renewal is refused, or has not come through for as long as the lease lasts."""

    def __init__(self) -> None:
        self._renewed_at = time.monotonic()
        self._lost = False

    @property
    def is_held(self) -> bool:
        age = time.monotonic() - self._renewed_at
        return not self._lost and age < settings.JOB_LEASE_SECONDS

    def renew(self, *, run: JobRun, asked_at: float) -> bool:
        """Ask the database; the new time counts from before the question."""
        if runs.beat(run=run):
            self._renewed_at = asked_at
        else:
            self._lost = True
        return not self._lost


_present: ContextVar[Lease | None] = ContextVar("lease", default=None)


def require_held() -> None:
    """Raises `Outrun` when the work going on here has lost its lease."""
    lease = _present.get()
    if lease is not None and not lease.is_held:
        raise runs.Outrun


@contextmanager
def lease(run: JobRun, *, hard_limit: float | None = None) -> Iterator[Lease]:
    """Keep the run's heartbeat going from a thread of its own for as long as the block lasts.

    It outlives a database that restarts: work going on without its heartbeat would be given to
    a second worker. In a worker, what takes longer than `hard_limit` seconds fails and its process
    ends.
    """
    held, done = Lease(), threading.Event()
    until = time.monotonic() + hard_limit if hard_limit and time_limits.is_in_worker() else None
    thread = threading.Thread(
        target=_keep, args=(held, run, done, until), name=f"lease-{run.pk}", daemon=True
    )
    thread.start()
    token = _present.set(held)
    try:
        yield held
    finally:
        _present.reset(token)
        done.set()
        thread.join()


def _keep(held: Lease, run: JobRun, done: threading.Event, until: float | None) -> None:
    going = True
    _tell_begun(run, done)
    while not done.wait(settings.JOB_HEARTBEAT_SECONDS):
        if until is not None and time.monotonic() > until:
            _end(run)
        try:
            going = going and held.renew(run=run, asked_at=time.monotonic())
        except (OperationalError, InterfaceError) as error:
            log.warning("job_heartbeat_missed", error=type(error).__name__)
            connection.close()
        if not going and until is None:
            break
    connection.close()


def _tell_begun(run: JobRun, done: threading.Event) -> None:
    """Whoever watches hears that it has begun if it has not ended in a moment: of the many that
    are done by then, one event instead of two. Its end is told after this thread has ended.
    """
    moment = settings.JOB_MOMENT_SECONDS
    if moment < settings.JOB_HEARTBEAT_SECONDS and not done.wait(moment):
        try:
            runs.announce(copy(run))
        except (DatabaseError, InterfaceError) as error:
            log.warning("job_begin_not_told", error=type(error).__name__)
            connection.close()


def _end(run: JobRun) -> None:
    from apps.jobs.services import outcomes

    log.error("job_ended_at_hard_limit", job=str(run.pk), name=run.name)
    try:
        outcomes.fail(run=run, error=TimeLimitExceeded())
    finally:
        # Without the database `rescue` finds that the lease has run out.
        time_limits.end_process()
