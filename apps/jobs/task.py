"""The base of every background task.

@shared_task(base=Job, bind=True, name="roblox.deploy", job_queue="interactive")
def deploy(self, *, deployment_id: str) -> dict: ...

deploy.enqueue(by=user, deployment_id=str(deployment.pk))
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import Task, current_app
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django_tenants.utils import schema_context

from apps.core.errors import DomainError
from apps.jobs.models import JobRun
from apps.jobs.services import runs

log = structlog.get_logger(__name__)


class Job(Task):  # type: ignore[type-arg]
    """Runs in its workspace, under a lease, exactly as often as its `JobRun` allows.

    Tasks take keyword arguments only, must be safe to run again from the start, and raise a
    `VendorError` that is not permanent to be tried again later.
    """

    abstract = True
    max_attempts = 5
    job_queue = "default"
    title = ""

    def enqueue(
        self,
        *,
        by: Any,
        schema_name: str | None = None,
        idempotency_key: str | None = None,
        **arguments: Any,
    ) -> JobRun:
        """Want this work, in the caller's transaction; arguments must be JSON values."""
        return runs.request(
            name=self.name,
            arguments=arguments,
            by=by,
            queue=self.job_queue,
            max_attempts=self.max_attempts,
            idempotency_key=idempotency_key,
            schema_name=schema_name,
        )

    def __call__(self, *_: Any, run_id: str) -> None:
        run = runs.claim(run_id=run_id)
        if run is None:
            return
        with structlog.contextvars.bound_contextvars(job=str(run.pk), workspace=run.schema_name):
            self._carry_out(run)

    def _carry_out(self, run: JobRun) -> None:
        try:
            with lease(run), schema_context(run.schema_name):
                result = self.run(run, **run.arguments)
        except DomainError as error:
            log.warning("job_refused", name=run.name, code=error.code, detail=error.detail)
            runs.fail(run=run, error=error)
        except Exception as error:
            log.exception("job_crashed", name=run.name)
            runs.fail(run=run, error=error)
        else:
            runs.succeed(run=run, result=result)


def run_now(run: JobRun) -> JobRun:
    """Do a queued run here instead of waiting for a worker, as commands do; later messages
    for it find nothing to do.
    """
    current_app.tasks[run.name](run_id=str(run.pk))
    run.refresh_from_db()
    return run


@contextmanager
def lease(run: JobRun) -> Iterator[None]:
    """Keep the run's heartbeat going from a thread of its own for as long as the block lasts.

    It outlives a database that restarts: work going on without its heartbeat would be given to
    a second worker.
    """
    done = threading.Event()

    def beat() -> None:
        held = True
        while held and not done.wait(settings.JOB_HEARTBEAT_SECONDS):
            try:
                held = runs.beat(run=run)
            except (OperationalError, InterfaceError) as error:
                log.warning("job_heartbeat_missed", error=type(error).__name__)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
