from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.webhooks.services import lanes, operator_alerts, retention


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


@shared_task(
    base=Job, bind=True, name=operator_alerts.TASK, title="Tell the operators' own server",
    metered=False, idempotency="{message}", max_attempts=operator_alerts.ATTEMPTS, replayable=True,
    soft_time_limit=30, time_limit=40,
)  # fmt: skip
def tell_operators(_task: Job, _run: JobRun, *, message: str, body: str) -> dict[str, Any]:
    return operator_alerts.send(message=message, body=body)


@shared_task(name="webhooks.sweep", ignore_result=True)
def sweep() -> int:
    return lanes.sweep()


@shared_task(name="webhooks.forget", ignore_result=True)
def forget() -> int:
    return retention.forget()
