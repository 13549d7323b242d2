from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.webhooks.services import lanes, retention


def _work(_run: JobRun, *, endpoint_id: str) -> dict[str, Any]:
    return {"attempts": lanes.work(endpoint_id=endpoint_id)}


@shared_task(
    base=Job, bind=True, name="webhooks.deliver", title="Send webhooks", metered=False,
    repeats=True,  # each makes room for the next; `lanes` sees to it that one is at work
)  # fmt: skip
def deliver(_task: Job, run: JobRun, *, endpoint_id: str) -> dict[str, Any]:
    return _work(run, endpoint_id=endpoint_id)


@shared_task(
    base=Job, bind=True, name="webhooks.deliver_slowly", title="Send webhooks again",
    job_queue="bulk", metered=False, repeats=True,
)  # fmt: skip
def deliver_slowly(_task: Job, run: JobRun, *, endpoint_id: str) -> dict[str, Any]:
    return _work(run, endpoint_id=endpoint_id)


@shared_task(name="webhooks.sweep", ignore_result=True)
def sweep() -> int:
    return lanes.sweep()


@shared_task(name="webhooks.forget", ignore_result=True)
def forget() -> int:
    return retention.forget()
