"""Whether a worker or beat still works, for whoever watches over its container: the age of a file,
which asks nothing of the machine, where `celery inspect ping` starts the product anew each time.
"""

from __future__ import annotations

from typing import Any

from celery.signals import after_task_publish, beat_init, heartbeat_sent
from django.conf import settings


def connect() -> None:
    """A worker shows itself with each heartbeat to the broker, beat with each message it sends."""
    if settings.PROCESS_ALIVE_FILE is not None:
        heartbeat_sent.connect(touch, dispatch_uid="jobs.alive.worker")
        beat_init.connect(_beat, dispatch_uid="jobs.alive.beat")


def touch(**_: Any) -> None:
    if settings.PROCESS_ALIVE_FILE is not None:
        settings.PROCESS_ALIVE_FILE.touch()


def _beat(**_: Any) -> None:
    after_task_publish.connect(touch, dispatch_uid="jobs.alive.sent")
