from __future__ import annotations

from celery import shared_task

from apps.gateway.services import reminders, request_usage


@shared_task(name="gateway.remind", ignore_result=True)
def remind() -> int:
    return reminders.send_due()


@shared_task(name="gateway.forget", ignore_result=True)
def forget() -> int:
    return request_usage.forget()
