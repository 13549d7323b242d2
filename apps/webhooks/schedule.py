"""When a delivery is tried again, and when an endpoint is given up: declared here alone."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# What is waited after each failed attempt; in all not quite three days.
WAITS: Final = (
    5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR,
    16 * HOUR, 24 * HOUR,
)  # fmt: skip
JITTER: Final = 0.1  # of a wait is taken off at random, so that many do not come at once
LONGEST_WISH: Final = 24 * HOUR  # of a `retry-after`

# An endpoint that cannot be reached rests as a whole, so that a hundred events do not wait for a
# hundred time-outs.
FIRST_PAUSE, LONGEST_PAUSE = 5 * SECOND, 5 * MINUTE

WARN_AFTER: Final = timedelta(days=1)  # of failures alone its owners get a mail
DISABLE_AFTER: Final = timedelta(days=5)  # it is switched off
KEPT_FOR: Final = timedelta(days=30)  # what was delivered, or given up, can be looked at

# One job sends for so long, then makes room for others; and so long its hold lasts.
LANE_BUDGET: Final = 20.0
HOLD: Final = timedelta(seconds=60)


def wait_after(step: int, *, wish: float | None = None) -> timedelta | None:
    """How long to wait after the failed attempt number `step` (from 0); None: give up. `wish` is
    the receiver's `retry-after` in seconds.
    """
    if step >= len(WAITS):
        return None
    planned = WAITS[step] * (1 - JITTER * random.random())  # noqa: S311 -- jitter, not a secret
    return max(planned, min(timedelta(seconds=wish or 0), LONGEST_WISH))


def in_words() -> str:
    """The waits as people read them: `5 seconds, 1 minute, … and 24 hours`."""
    words = [_words(wait) for wait in WAITS]
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _words(wait: timedelta) -> str:
    for unit, name in ((HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if wait >= unit:
            number = wait // unit
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "at once"


def pause_after(failures: int) -> timedelta:
    """How long an unreachable endpoint rests after so many failures in a row (from 1)."""
    return min(FIRST_PAUSE * (1 << min(failures - 1, 10)), LONGEST_PAUSE)
