from __future__ import annotations

from celery import shared_task

from apps.impersonation.services import impersonations


@shared_task(name="impersonation.end_expired", ignore_result=True)
def end_expired() -> int:
    return impersonations.end_expired()
