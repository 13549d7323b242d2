"""How long a job may take. The messages of the broker do not say whose work they lead to, so
Celery's own limits, which come with the message, are only the last resort.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from billiard.process import current_process
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_process_shutdown


@contextmanager
def soft(seconds: float) -> Iterator[None]:
    """Raise `SoftTimeLimitExceeded` within the block when it takes longer. Only a process' main
    thread can be interrupted; elsewhere, as in a command that waits in a thread, there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def is_in_worker() -> bool:
    """Whether this process is one of a worker's pool, which replaces it when it ends."""
    return bool(getattr(current_process(), "daemon", False))


def end_process() -> NoReturn:
    """For work that does not even heed its soft limit: nothing of it goes on after this."""
    worker_process_shutdown.send(sender=None, pid=os.getpid(), exitcode=-signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError  # pragma: no cover


def _interrupt(*_: Any) -> None:
    raise SoftTimeLimitExceeded
