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

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.jobs.models import JobRun
from apps.jobs.services import runs

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
def lease(run: JobRun) -> Iterator[Lease]:
    """Keep the run's heartbeat going from a thread of its own for as long as the block lasts.

    It outlives a database that restarts: work going on without its heartbeat would be given to
    a second worker.
    """
    held, done = Lease(), threading.Event()
    thread = threading.Thread(
        target=_keep, args=(held, run, done), name=f"lease-{run.pk}", daemon=True
    )
    thread.start()
    token = _present.set(held)
    try:
        yield held
    finally:
        _present.reset(token)
        done.set()
        thread.join()


def _keep(held: Lease, run: JobRun, done: threading.Event) -> None:
    going = True
    while going and not done.wait(settings.JOB_HEARTBEAT_SECONDS):
        try:
            going = held.renew(run=run, asked_at=time.monotonic())
        except (OperationalError, InterfaceError) as error:
            log.warning("job_heartbeat_missed", error=type(error).__name__)
            connection.close()
    connection.close()
