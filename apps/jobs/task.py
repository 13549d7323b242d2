"""The base of every background task.

@shared_task(base=Job, bind=True, name="roblox.deploy", job_queue="interactive")
def deploy(self, *, deployment_id: str) -> dict: ...

deploy.enqueue(by=user, deployment_id=str(deployment.pk))
"""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task, current_app
from django_tenants.utils import schema_context

from apps.core.errors import DomainError
from apps.jobs.models import JobRun
from apps.jobs.services import leases, runs

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
    metered = True  # counts as the workspace's usage

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
            metered=self.metered,
        )

    def __call__(self, *_: Any, run_id: str) -> None:
        run = runs.claim(run_id=run_id)
        if run is None:
            return
        with structlog.contextvars.bound_contextvars(job=str(run.pk), workspace=run.schema_name):
            self._carry_out(run)

    def _carry_out(self, run: JobRun) -> None:
        try:
            with leases.lease(run), schema_context(run.schema_name):
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
