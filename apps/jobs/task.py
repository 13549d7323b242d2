"""The base of every background task.

@shared_task(
    base=Job, bind=True, name="roblox.deploy", job_queue="interactive",
    idempotency="{deployment_id}", soft_time_limit=600,
)
def deploy(self, run, *, deployment_id: str) -> dict: ...

deploy.enqueue(by=user, deployment_id=str(deployment.pk))
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Final

import structlog
from celery import Task, current_app
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.core.errors import DomainError
from apps.jobs.models import JobRun
from apps.jobs.services import leases, outcomes, pool, runs, tickets, time_limits
from apps.jobs.services.runs import Place

# So long a process stays with one queue while something else waits for it: short jobs go by without
# a message each.
TICKET_SECONDS: Final = 0.1
# A database that is away is not asked again at once.
ERROR_SECONDS: Final = 2.0

log = structlog.get_logger(__name__)


class Job(Task):  # type: ignore[type-arg]
    """Runs in its workspace, under a lease, exactly as often as its `JobRun` allows.

    Tasks take keyword arguments only, must be safe to run again from the start, and raise a
    `VendorError` that is not permanent to be tried again later.
    """

    abstract = True
    max_attempts = 5
    job_queue = "default"  # by urgency: interactive, default, bulk
    title = ""
    metered = True  # counts as the workspace's usage
    # Patterns over the arguments, as `{release_id}`. Wishes of one `idempotency` are one run for
    # ever; of one `unique` there is one run at a time. A task has one of the two, or `repeats`.
    idempotency = ""
    unique = ""
    repeats = False
    private: tuple[str, ...] = ()  # names of arguments that are encrypted
    lane = ""  # the vendor whose limit it shares (`services.lanes`)
    # Seconds; at the first the task is interrupted, at the second its process is ended.
    soft_time_limit = 900
    time_limit = 960
    cancellable = False  # reports or asks for its lease often enough to stop half way
    replayable = False  # to run it again after it has failed for good mends what it was to do
    # What members of the workspace need, beside `jobs.manage`, to stop it or to run it again: that
    # which had it begun. Empty: it is the product's own work and not theirs to steer.
    permission = ""

    def enqueue(
        self,
        *,
        by: Any,
        schema_name: str | None = None,
        lane: str | None = None,
        due_at: datetime | None = None,
        place: Place | None = None,
        label: str = "",
        **arguments: Any,
    ) -> JobRun:
        """Want this work, in the caller's transaction; arguments must be JSON values.

        `lane` where the vendor's limit is one of a customer's account there. `label` is read
        instead of the task's title. `place` is given by `workflows`.
        """
        schema = schema_name or connection.schema_name
        return runs.request(
            name=self.name,
            arguments={k: v for k, v in arguments.items() if k not in self.private},
            private={k: v for k, v in arguments.items() if k in self.private},
            by=by,
            queue=self.job_queue,
            max_attempts=self.max_attempts,
            idempotency_key=self._key(self.idempotency, schema, arguments),
            unique_key=self._key(self.unique, schema, arguments),
            lane=self.lane if lane is None else lane,
            due_at=due_at,
            schema_name=schema,
            metered=self.metered,
            place=place,
            label=label,
        )

    def __call__(self, *_: Any, run_id: str) -> None:
        run = runs.claim(run_id=run_id)
        if run is not None:
            self.carry_out(run)

    def carry_out(self, run: JobRun) -> None:
        """Do the work of a run that was claimed, and write down how it ended."""
        about = {"job": str(run.pk), "workspace": run.schema_name}
        if run.trace_id:
            about["request_id"] = run.trace_id
        with structlog.contextvars.bound_contextvars(**about):
            self._carry_out(run)

    def _carry_out(self, run: JobRun) -> None:
        try:
            with (
                leases.lease(run, hard_limit=self.time_limit),
                time_limits.soft(self.soft_time_limit),
                schema_context(run.schema_name),
            ):
                result = self.run(run, **run.all_arguments())
        except DomainError as error:
            log.warning("job_refused", name=run.name, code=error.code, detail=error.detail)
            outcomes.fail(run=run, error=error)
        except Exception as error:
            log.exception("job_crashed", name=run.name)
            outcomes.fail(run=run, error=error)
        else:
            outcomes.succeed(run=run, result=result)

    def _key(self, pattern: str, schema_name: str, arguments: dict[str, Any]) -> str | None:
        return f"{self.name}:{schema_name}:{pattern.format(**arguments)}" if pattern else None


def work_off(queue: str, *, most: int | None = None) -> int:
    """Do what is due in the queue, one after the other, until nothing is left, or so many are done;
    returns how many. Where something else needs the process, another ticket goes on from here.
    """
    until, count = time.monotonic() + TICKET_SECONDS, 0
    wait: float | None = ERROR_SECONDS
    try:
        while not pool.is_stopping():
            run = work_on(queue)
            count += run is not None
            if run is None or count == most:
                wait = None
                return count
            # After a failure the process' connections are looked at first (`kept_connections`).
            if run.state != JobRun.State.SUCCEEDED or (time.monotonic() > until and _is_needed()):
                break
        wait = 0.0
    finally:
        if wait is not None:
            tickets.issue_to(queue, wait=wait)
    return count


def _is_needed() -> bool:
    """Whether something else than the queue waits for this process. Only one of a pool is told."""
    return pool.is_wanted() or not time_limits.is_in_worker()


def work_on(queue: str) -> JobRun | None:
    """Do the one run of the queue whose turn it is; None when nothing is due."""
    run = runs.take(queue=queue)
    if run is None:
        return None
    task = current_app.tasks.get(run.name)
    if isinstance(task, Job):
        task.carry_out(run)
    else:
        outcomes.give_up_unknown(run=run)
    return run


def run_now(run: JobRun) -> JobRun:
    """Do a queued run here instead of waiting for a worker, as commands do; later messages
    for it find nothing to do.
    """
    current_app.tasks[run.name](run_id=str(run.pk))
    run.refresh_from_db()
    return run
