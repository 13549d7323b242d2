"""A worker's process keeps its database connection from one task to the next: to open one costs
more than a short job.

Nothing of a task stays on it: which workspace a query is for travels with each query
(`apps.core.postgresql`), a transaction that a task left open ends with the connection, and so does
one that met an error unless it still answers. One that lay idle is asked before it is used, and
none grows old, because the server keeps for each what it knows of every workspace's tables.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Any, Final
from weakref import WeakKeyDictionary

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_init
from django.db import DatabaseError, InterfaceError, connections

KEPT_SECONDS: Final = 600.0
IDLE_SECONDS: Final = 2.0

_seen: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
_last_used = 0.0


def keep(app: Celery) -> None:
    """Have `app`'s workers keep theirs, which Celery would close around each task."""
    # After so many tasks Celery's Django fixup closes connections.
    app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
    worker_init.connect(_connect, dispatch_uid="jobs-kept-connections")


def _connect(**_: Any) -> None:
    """In the worker's main process; its pool inherits it."""
    task_prerun.connect(before_task, dispatch_uid="jobs-kept-before")
    task_postrun.connect(after_task, dispatch_uid="jobs-kept-after")


def before_task(**_: Any) -> None:
    each: Any  # its `health_check_done` is not among django-stubs' attributes
    if time.monotonic() - _last_used > IDLE_SECONDS:
        for each in connections.all(initialized_only=True):
            # Django asks the server before the next query, and connects anew where none answers.
            each.health_check_done = False


def after_task(**_: Any) -> None:
    global _last_used  # noqa: PLW0603 -- of this process, whose pool has one thread
    _last_used = time.monotonic()
    for each in connections.all(initialized_only=True):
        if each.connection is not None and not _is_fit(each):
            with suppress(DatabaseError, InterfaceError):
                each.close()


def _is_fit(each: Any) -> bool:
    """Whether the next task may have it."""
    if each.in_atomic_block or not each.get_autocommit():
        return False
    if each.errors_occurred and not each.is_usable():
        return False
    each.errors_occurred = False
    return _last_used - _seen.setdefault(each.connection, _last_used) < KEPT_SECONDS
