"""What a worker's main process tells the processes of its pool, which look before they begin a run
or wait for one. The pool is forked later and shares this memory; only the main process writes.
"""

from __future__ import annotations

from mmap import mmap
from typing import Any, Final

_STOP: Final = 0
_WAITING: Final = slice(1, 5)
_memory = mmap(-1, _WAITING.stop)


def ask_to_stop(**_: Any) -> None:
    """Celery's `worker_shutting_down`: what has begun is ended, nothing else is begun."""
    _memory[_STOP] = 1


def is_stopping() -> bool:
    return _memory[_STOP] == 1


def note_waiting(count: int) -> None:
    """So many messages are in the worker and wait for one of its processes."""
    _memory[_WAITING] = count.to_bytes(4)


def is_wanted() -> bool:
    """Whether something else than runs waits for a process."""
    return is_stopping() or any(_memory[_WAITING])
