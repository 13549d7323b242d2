"""A worker's process that has done a task stays at the bell (`services.bell`) and does at once what
is rung for: to fetch a message for each takes longer than a short job.

To its worker it is busy meanwhile. So the main process counts the messages that wait for a process
(`services.pool`) and calls one back from the bell; all of them see the number as well, so nothing
hangs on the call. Pools of another kind, without processes, have no standby.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

import structlog
from celery import bootsteps, current_app
from celery.signals import task_postrun
from redis.exceptions import RedisError

from apps.jobs import kept_connections
from apps.jobs.services import bell, pool, tickets, time_limits, workers
from apps.jobs.task import Job, work_off

# Then the process goes back, for its worker to look at its age and memory.
LONGEST_SECONDS: Final = 60.0

# A run that begins does not wait for longer until a thread that tells of others lets it go on.
SWITCH_SECONDS: Final = 0.0005

log = structlog.get_logger(__name__)


def stand_by(*, task: Any = None, **_: Any) -> None:
    """Celery's `task_postrun`: after whatever task, until the process is wanted for another. Not
    after one whose own limits Celery keeps: they would count on.
    """
    if not time_limits.is_in_worker() or isinstance(task, Job):
        return
    queues = list(current_app.amqp.queues.consume_from)
    worker = workers.current()
    about = {"worker": worker, "name": workers.process(worker)}
    try:
        try:
            _answer(queues, about)
        finally:
            for queue in bell.leave(queues, **about):
                tickets.issue_to(queue)
    except RedisError:
        # Nobody believes it to be there for long, and `jobs.rescue` sees what is due.
        return


def _answer(queues: list[str], about: dict[str, str]) -> None:
    until = time.monotonic() + LONGEST_SECONDS
    while not pool.is_wanted() and time.monotonic() < until:
        queue = bell.wait(queues, **about)
        if queue is None:
            continue
        kept_connections.before_task()
        try:
            work_off(queue, most=1)
        finally:
            kept_connections.after_task()


class CallBack(bootsteps.Step):
    """Counts what waits for a process in the worker's main process, and calls one back for it.

    All messages pass `process_task`, those with a countdown when they are due; with a pool of
    processes it holds back what none of them is free for.
    """

    requires = ("celery.worker.components:Pool",)

    def create(self, worker: Any) -> None:
        if not worker.pool_cls.uses_semaphore or not worker.use_eventloop:
            return
        # After all that is noted of the task; the pool inherits it.
        task_postrun.connect(stand_by, dispatch_uid="jobs-standby")
        self._worker, self._count = worker, 0
        sys.setswitchinterval(SWITCH_SECONDS)
        worker.process_task = self._take

    def _take(self, request: Any) -> Any:
        self._change(1)
        taken = self._worker._quick_acquire(self._hand_over, request)  # noqa: SLF001
        if self._count:
            self._call()
        return taken

    def _hand_over(self, request: Any) -> None:
        self._change(-1)
        self._worker._process_task(request)  # noqa: SLF001

    def _change(self, by: int) -> None:
        self._count += by
        pool.note_waiting(self._count)

    def _call(self) -> None:
        try:
            bell.let_go(worker=self._worker.hostname)
        except RedisError as error:
            log.warning("process_not_called_back", error=type(error).__name__)
