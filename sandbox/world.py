"""Everything a request handler may touch, in one object."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from starlette.requests import Request

from sandbox.database import Database
from sandbox.limits import RateLimits

HEAD = 64  # bytes kept to recognise a file by


class Changes:
    """Wakes the open pages whenever something happened."""

    def __init__(self) -> None:
        self.revision = 0
        self._condition = asyncio.Condition()

    async def announce(self) -> None:
        async with self._condition:
            self.revision += 1
            self._condition.notify_all()

    async def after(self, revision: int, *, patience: float) -> int:
        """The newest revision, as soon as it differs from `revision` or after `patience` s."""
        async with self._condition:
            try:
                async with asyncio.timeout(patience):
                    await self._condition.wait_for(lambda: self.revision != revision)
            except TimeoutError:
                return self.revision
        return self.revision


class TooLarge(Exception):
    pass


@dataclass(frozen=True)
class StoredFile:
    sha256: str
    size: int
    head: bytes


class Files:
    """Uploaded content, by its SHA-256."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    async def store(self, chunks: AsyncIterator[bytes], *, limit: int) -> StoredFile:
        """Read to the end and keep. Raises `TooLarge` past `limit` bytes, keeping nothing."""
        with tempfile.NamedTemporaryFile(dir=self._directory, delete=False) as target:
            try:
                stored = await _copy(chunks, target, limit)
            except BaseException:
                os.unlink(target.name)  # noqa: PTH108 - one short call on a local disk
                raise
        os.replace(target.name, self.path(stored.sha256))  # noqa: PTH105 - the same
        return stored

    def path(self, sha256: str) -> Path:
        return self._directory / sha256

    def clear(self) -> None:
        for path in self._directory.iterdir():
            path.unlink()


async def _copy(chunks: AsyncIterator[bytes], target: IO[bytes], limit: int) -> StoredFile:
    digest, size, head = hashlib.sha256(), 0, b""
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLarge
        head += chunk[: HEAD - len(head)]
        digest.update(chunk)
        target.write(chunk)
    return StoredFile(digest.hexdigest(), size, head)


@dataclass
class World:
    database: Database
    files: Files
    limits: RateLimits
    changes: Changes
    stripe_deliveries: asyncio.Event = field(default_factory=asyncio.Event)
    stripe_delivering: asyncio.Lock = field(default_factory=asyncio.Lock)
    address: str = ""  # where it is reached, once somebody has

    @classmethod
    def open(cls, directory: Path) -> World:
        directory.mkdir(parents=True, exist_ok=True)
        return cls(
            database=Database(directory / "sandbox.sqlite3"),
            files=Files(directory / "files"),
            limits=RateLimits(),
            changes=Changes(),
        )

    def reset(self) -> None:
        self.database.clear()
        self.files.clear()
        self.limits.clear()


def world_of(request: Request) -> World:
    world: World = request.app.state.world
    return world
