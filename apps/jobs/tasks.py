from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.services import failures, outcomes, retention, tickets
from apps.jobs.task import work_off


@shared_task(name=tickets.TASK, bind=True, ignore_result=True)
def work(self: Any) -> None:
    work_off(self.request.delivery_info["routing_key"])


@shared_task(name="jobs.watch", ignore_result=True)
def watch() -> int:
    return failures.watch()


@shared_task(name="jobs.forget", ignore_result=True)
def forget() -> int:
    return retention.forget()


@shared_task(name="jobs.rescue", ignore_result=True)
def rescue() -> int:
    return outcomes.rescue()
