"""Whether this worker is to stop: asked by its pool's processes before they begin another run."""

from __future__ import annotations

from mmap import mmap
from typing import Any

# The pool is forked later and shares it; only the main process hears the signal.
_asked = mmap(-1, 1)


def ask(**_: Any) -> None:
    """Celery's `worker_shutting_down`: what has begun is ended, nothing else is begun."""
    _asked[0] = 1


def is_asked() -> bool:
    return _asked[0] == 1
