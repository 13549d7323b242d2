from __future__ import annotations

from celery import shared_task

from apps.jobs.services import runs


@shared_task(name="jobs.rescue", ignore_result=True)
def rescue() -> int:
    return runs.rescue()
