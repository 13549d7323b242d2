from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.realtime import app_days, metering, quotas, relay, retention, webhooks
from apps.realtime.services import channel_deliveries
from apps.usage.services import warnings


@shared_task(name="realtime.rescue", ignore_result=True)
def rescue() -> int:
    return relay.rescue()


@shared_task(name="realtime.forget", ignore_result=True)
def forget() -> int:
    return retention.forget_everywhere() + channel_deliveries.forget() + app_days.forget()


@shared_task(name="realtime.settle", ignore_result=True)
def settle() -> int:
    """Every minute; returns how many new warnings followed."""
    metering.settle()
    return warnings.evaluate_all(schema_names=quotas.settle_peaks())


@shared_task(name="realtime.collect", ignore_result=True)
def collect() -> int:
    return webhooks.collect()


@shared_task(
    base=Job, bind=True, name="realtime.tell", title="Tell an app's server of its channels",
    metered=False, idempotency="{delivery_id}:{round}", soft_time_limit=30, time_limit=40,
)  # fmt: skip
def tell(_task: Job, run: JobRun, *, delivery_id: str, round: int) -> dict[str, Any]:  # noqa: A002 -- the row's names
    is_last = run.attempts >= run.max_attempts
    return channel_deliveries.send(delivery_id=delivery_id, is_last=is_last)
