"""The product's job: `celery -A config worker -I benchmarks.errands.ours`."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from benchmarks.errands import begin


@shared_task(
    base=Job, bind=True, name="bench.ours", repeats=True, job_queue="default", metered=False
)
def run(_task: Any, _run: JobRun, *, sent: float) -> None:
    begin(settings.REDIS_URL, sent)
