from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.realtime import quotas, relay, retention, webhooks
from apps.usage.services import warnings


@shared_task(name="realtime.rescue", ignore_result=True)
def rescue() -> int:
    return relay.rescue()


@shared_task(name="realtime.forget", ignore_result=True)
def forget() -> int:
    return retention.forget_everywhere()


@shared_task(name="realtime.settle", ignore_result=True)
def settle() -> int:
    """Every minute; returns how many new warnings followed."""
    return warnings.evaluate_all(schema_names=quotas.settle_peaks())


@shared_task(name="realtime.collect", ignore_result=True)
def collect() -> int:
    return webhooks.collect()


@shared_task(
    base=Job, bind=True, name="realtime.deliver", title="Tell an app's server of its channels",
    metered=False, idempotency="{webhook_id}:{batch}", private=("body",), soft_time_limit=30,
    time_limit=40,
)  # fmt: skip
def deliver(
    _task: Job,
    run: JobRun,
    *,
    webhook_id: str,
    batch: str,
    body: str,
) -> dict[str, Any]:
    is_last = run.attempts >= run.max_attempts
    return webhooks.deliver(webhook_id=webhook_id, body=body, is_last=is_last)
