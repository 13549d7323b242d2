from __future__ import annotations

from celery import shared_task

from apps.realtime import relay, retention


@shared_task(name="realtime.rescue", ignore_result=True)
def rescue() -> int:
    return relay.rescue()


@shared_task(name="realtime.forget", ignore_result=True)
def forget() -> int:
    return retention.forget_everywhere()
