"""The worker's hold on a run, and the question whether it still has it.

A worker that was stopped or cut off for longer than the lease is taken for dead, and another
goes on with its run. Should it wake up after all, it must not act any more: `require_held`,
asked before each part of what cannot be undone, sees the time that has passed on this
machine's own clock, without a database.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from copy import copy
from typing import Final

import structlog
from celery import current_app
from celery.exceptions import TimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from redis.exceptions import RedisError

from apps.jobs.models import JobRun
from apps.jobs.services import bell, runs, tickets, time_limits, workers

# A worker that does not come back to its queue by then has somebody else look into it: when nobody
# believes it to be at the bell any more (`bell.BUSY_SECONDS`).
PASS_ON_SECONDS: Final = 0.06

log = structlog.get_logger(__name__)


class Lease:
    """Held until a renewal is refused, or has not come through for as long as the lease lasts."""

    def __init__(self) -> None:
        self._renewed_at = time.monotonic()
        self.is_lost = False

    @property
    def is_held(self) -> bool:
        age = time.monotonic() - self._renewed_at
        return not self.is_lost and age < settings.JOB_LEASE_SECONDS

    def renew(self, *, run: JobRun, asked_at: float) -> bool:
        """Ask the database; the new time counts from before the question."""
        if runs.beat(run=run):
            self._renewed_at = asked_at
        else:
            self.is_lost = True
        return not self.is_lost


_present: ContextVar[Lease | None] = ContextVar("lease", default=None)


def require_held() -> None:
    """Raises `Outrun` when the work going on here has lost its lease."""
    lease = _present.get()
    if lease is not None and not lease.is_held:
        raise runs.Outrun


@contextmanager
def lease(run: JobRun, *, hard_limit: float | None = None) -> Iterator[Lease]:
    """Keep the run's heartbeat going from another thread for as long as the block lasts.

    It outlives a database that restarts: work going on without its heartbeat would be given to
    a second worker. In a worker, what takes longer than `hard_limit` seconds fails and its process
    ends.
    """
    held = Lease()
    until = time.monotonic() + hard_limit if hard_limit and time_limits.is_in_worker() else None
    stay, keeper = _Stay(run, held, until), _keeper()
    keeper.take_in(stay)
    token = _present.set(held)
    try:
        yield held
    finally:
        _present.reset(token)
        keeper.let_go(stay)


class _Stay:
    """A run that is under way in this process, and when it is to be looked after next."""

    def __init__(self, run: JobRun, held: Lease, until: float | None) -> None:
        self.run, self.held, self.until = run, held, until
        self.is_over = self.has_asked = False
        self.is_new = self.is_untold = settings.JOB_MOMENT_SECONDS < settings.JOB_HEARTBEAT_SECONDS
        first = PASS_ON_SECONDS if self.is_new else settings.JOB_HEARTBEAT_SECONDS
        self.due_at = time.monotonic() + first
        self.busy = threading.Lock()

    def look_after(self) -> None:
        with self.busy:
            if self.is_over:
                return
            if self.is_new:
                self.is_new = False
                self.due_at += settings.JOB_MOMENT_SECONDS - PASS_ON_SECONDS
                _pass_on(self.run)
                return
            self.has_asked = True
            self.due_at = time.monotonic() + settings.JOB_HEARTBEAT_SECONDS
            try:
                self._look_after()
            except (DatabaseError, InterfaceError) as error:
                log.warning("job_heartbeat_missed", error=type(error).__name__)
                connection.close()

    def _look_after(self) -> None:
        if self.is_untold:
            # Of the many that are over by now one event instead of two. Its end is told later.
            self.is_untold = False
            runs.announce(copy(self.run))
            return
        if self.until is not None and time.monotonic() > self.until:
            _end(self.run)
        if not (self.held.is_lost or self.held.renew(run=self.run, asked_at=time.monotonic())):
            log.info("job_lease_lost", job=str(self.run.pk))
        if self.held.is_lost and self.until is None:
            self.due_at = math.inf


class _Keeper:
    """The thread that looks after all that is under way in a process: to start one for each run
    costs more than a short job.
    """

    def __init__(self) -> None:
        self._stays: list[_Stay] = []
        self._leaving: list[threading.Event] = []
        self._wakes_at = math.inf
        self._change = threading.Condition()
        threading.Thread(target=self._run, name="lease-keeper", daemon=True).start()

    def take_in(self, stay: _Stay) -> None:
        with self._change:
            self._stays.append(stay)
            if stay.due_at < self._wakes_at:
                self._change.notify()

    def let_go(self, stay: _Stay) -> None:
        """Afterwards nothing is asked for it, and the connection it needed is given back."""
        with stay.busy:
            stay.is_over = True
        done = threading.Event()
        with self._change:
            self._stays.remove(stay)
            if not stay.has_asked:
                return
            self._leaving.append(done)
            self._change.notify()
        done.wait()

    def _run(self) -> None:
        while True:
            for stay in self._next():
                try:
                    stay.look_after()
                except Exception:  # the worker loop: the thread outlives whatever happens in it
                    log.exception("job_heartbeat_failed", job=str(stay.run.pk))

    def _next(self) -> list[_Stay]:
        with self._change:
            while True:
                self._part()
                now = time.monotonic()
                if due := [stay for stay in self._stays if stay.due_at <= now]:
                    self._wakes_at = -math.inf
                    return due
                self._wakes_at = min((stay.due_at for stay in self._stays), default=math.inf)
                self._change.wait(None if self._wakes_at == math.inf else self._wakes_at - now)

    def _part(self) -> None:
        if self._leaving and not self._stays:
            connection.close()
        for event in self._leaving:
            event.set()
        self._leaving.clear()


_keepers: dict[int, _Keeper] = {}
_starting = threading.Lock()


def _keeper() -> _Keeper:
    """This process's; a fork starts one of its own."""
    process = os.getpid()
    with _starting:
        if process not in _keepers:
            _keepers[process] = _Keeper()
        return _keepers[process]


def _pass_on(run: JobRun) -> None:
    """The process will not be back soon. Of the run's queue, and of those rung for because
    it was believed to come, somebody else takes care.
    """
    queues = {run.queue}
    if time_limits.is_in_worker():
        heard = list(current_app.amqp.queues.consume_from)
        with suppress(RedisError):
            name = workers.process(run.worker)
            queues |= set(bell.leave(heard, worker=run.worker, name=name))
    for queue in queues:
        tickets.issue_to(queue, enough=1)


def _end(run: JobRun) -> None:
    from apps.jobs.services import outcomes

    log.error("job_ended_at_hard_limit", job=str(run.pk), name=run.name)
    try:
        outcomes.fail(run=run, error=TimeLimitExceeded())
    finally:
        # Without the database `rescue` finds that the lease has run out.
        time_limits.end_process()
