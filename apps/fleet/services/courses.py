"""How a rollout is to go, and who looks on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from apps.fleet.services import rings

LOCK_SECONDS = 2.0
ATTEMPTS = 5
TOLERATED = 0.01


@dataclass(frozen=True)
class Course:
    """What a person may choose; the usual is right for most.

    `lock_timeout` and `pause_between` are seconds. Schemas that wait for a lock are tried
    `attempts` times. `tolerated` is the share of a ring that may fail, at least one schema, none
    of the canaries. A `check_command` judges each ring by its exit code; `{ring}` in it is the
    ring's name.
    """

    rings: str = rings.USUAL
    until: str = ""
    pause_between: float = 0
    lock_timeout: float = LOCK_SECONDS
    attempts: int = ATTEMPTS
    tolerated: float = TOLERATED
    auto_rollback: bool = False
    check_command: str = ""
    again: bool = False  # a version that was rolled back is wanted all the same


@dataclass
class Progress:
    """How far one ring is."""

    ring: str
    total: int
    done: int = 0
    blocked: int = 0
    failed: int = 0


class Watch(Protocol):
    def say(self, text: str) -> None:
        """One line for people."""

    def move(self, progress: Progress) -> None:
        """Called after each schema, so it must be quick."""


class Unwatched:
    def say(self, text: str) -> None:
        pass

    def move(self, progress: Progress) -> None:
        pass
