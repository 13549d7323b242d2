from __future__ import annotations

import contextlib

from celery import current_app, shared_task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from apps.fleet.services import pool

REFILL = "fleet.refill"


@shared_task(name=REFILL, ignore_result=True)
def refill() -> int:
    return pool.refill()


def send_refill() -> None:
    with contextlib.suppress(OperationalError, RedisError, OSError):
        current_app.send_task(REFILL, queue="default", retry=False, expires=60)
