from __future__ import annotations

from celery import shared_task

from apps.usage.services import samples


@shared_task(name="usage.settle", ignore_result=True)
def settle() -> int:
    return samples.settle()


@shared_task(name="usage.look", ignore_result=True)
def look() -> int:
    return samples.look()


@shared_task(name="usage.forget", ignore_result=True)
def forget() -> int:
    return samples.forget()
