"""How much a file may ask of the machine that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .refusals import TooLarge

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes.

    The defaults keep one reading below 256 MB of memory beside the file itself, whatever
    the bytes say: `memory` bounds what is kept, `chunk` what is unpacked at one time, and
    `unpacked` (the sum over all chunks, not held together) bounds the time.
    `file` is Roblox's own limit for a place.
    """

    file: int = 100 * 1_000_000
    chunk: int = 48 * MIB
    unpacked: int = 512 * MIB
    memory: int = 112 * MIB
    instances: int = 400_000
    depth: int = 256


DEFAULT = Limits()

# Measured on CPython 3.11: an instance with its place in the tree.
INSTANCE_COST = 170


class Budget:
    """What a reading has kept so far, against `Limits.memory`."""

    def __init__(self, limits: Limits, advice: str = "") -> None:
        self.limits = limits
        self.advice = advice
        self.left = limits.memory

    def charge(self, size: int, where: str | Callable[[], str]) -> None:
        """Take `size` bytes or raise `TooLarge`. `where` may be a call: it is rarely needed."""
        if size > self.left:
            raise TooLarge(
                f"It takes more than {self.limits.memory // MIB} MiB of memory{self.advice}",
                where=where if isinstance(where, str) else where(),
            )
        self.left -= size

    def afford(self, size: int) -> bool:
        """Take `size` bytes when at least half of the budget stays for what must be kept."""
        if self.left - size < self.limits.memory // 2:
            return False
        self.left -= size
        return True
