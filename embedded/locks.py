"""Locks between processes that the kernel lets go of when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

POLL = 0.05


class FileLock:
    """An advisory lock on a file or folder, exclusive unless `shared`."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self.path = path
        self._mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._fd: int | None = None

    def try_acquire(self) -> bool:
        """Take it if it is free; whether it is now held."""
        if self._fd is None:
            self._fd = self._open()
        try:
            fcntl.flock(self._fd, self._mode | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def acquire(self, seconds: float) -> bool:
        """Wait that long at most; whether it is now held."""
        deadline = time.monotonic() + seconds
        while not self.try_acquire():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL)
        return True

    def become_exclusive(self) -> bool:
        """Trade a shared hold for an exclusive one. When refused, the lock is released."""
        self._mode = fcntl.LOCK_EX
        return self.try_acquire()

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        if self._fd is None:
            self._fd = self._open()
        fcntl.flock(self._fd, self._mode)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _open(self) -> int:
        if self.path.is_dir():
            return os.open(self.path, os.O_RDONLY)
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)


def is_held(path: Path) -> bool:
    """Whether another process holds this lock exclusively."""
    if not path.exists():
        return False
    probe = FileLock(path, shared=True)
    if probe.try_acquire():
        probe.release()
        return False
    return True
