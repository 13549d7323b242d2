"""The way of many schemas: one after the other, the blocked ones again at the end."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterable, Sequence

from apps.fleet.models import Rollout, RolloutItem
from apps.fleet.services.courses import Course, Progress, Watch
from apps.fleet.services.replays import Gone, Replay

State = RolloutItem.State
FIRST_WAIT = 0.5
LOOK_EVERY = 1.0


class TooManyFailed(Exception):
    """More schemas failed than the course tolerates; the others were left where they are."""


class StopWanted(Exception):
    """Somebody asked in the console that the rollout stops."""


class Passage:
    """Moves items and keeps count.

    `replay_of` gives an item's way. `allowed` is how many may fail before it stops.
    """

    def __init__(
        self,
        rollout: Rollout,
        *,
        course: Course,
        watch: Watch,
        replay_of: Callable[[RolloutItem], Replay],
        stoppable: bool = True,
    ) -> None:
        self._rollout, self._course, self._watch = rollout, course, watch
        self._replay_of, self._stoppable = replay_of, stoppable
        self._looked = time.monotonic()

    def move(self, items: Sequence[RolloutItem], *, ring: str, allowed: int) -> Progress:
        """Raises `TooManyFailed` and `StopWanted`; what is done by then is done."""
        progress = Progress(ring, len(items))
        blocked = self._round(items, progress, allowed)
        for attempt in range(1, self._course.attempts):
            if not blocked:
                break
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1) * (1 + secrets.randbelow(1000) / 1000))
            progress.blocked -= len(blocked)
            blocked = self._round(blocked, progress, allowed)
        return progress

    def _round(
        self, items: Iterable[RolloutItem], progress: Progress, allowed: int
    ) -> list[RolloutItem]:
        blocked = []
        for item in items:
            self._look_up()
            state = self._move_one(item)
            if state == State.BLOCKED:
                blocked.append(item)
                progress.blocked += 1
            elif state == State.FAILED:
                progress.failed += 1
            else:
                progress.done += 1
            self._watch.move(progress)
            if progress.failed > allowed:
                raise TooManyFailed(f"{item.schema_name}: {item.problem}")
        return blocked

    def _move_one(self, item: RolloutItem) -> str:
        try:
            return self._replay_of(item).run(item)
        except Gone:
            # Closed or claimed meanwhile; under its new name the last sweep finds it.
            item.delete()
            return State.DONE

    def _look_up(self) -> None:
        if not self._stoppable or time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        if not Rollout.objects.filter(pk=self._rollout.pk, state=Rollout.State.RUNNING).exists():
            raise StopWanted


def allowed_failures(*, ring: str, size: int, tolerated: float) -> int:
    """None of the canaries; else that share of the ring, at least one of two or more."""
    if ring == "canary" or size == 1:
        return 0
    return max(1, math.floor(size * tolerated))
