"""One run of a rollout, from the ring it is at to where it ends or is stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from django.db import Error as DatabaseError
from django.db.models import QuerySet

from apps.fleet.errors import RingsInvalid
from apps.fleet.models import Rollout, RolloutItem, Schema, SchemaStep, SchemaVersion
from apps.fleet.services import checks, itineraries, rings, schemas, ways
from apps.fleet.services.courses import Course, Watch
from apps.fleet.services.executions import Executions
from apps.fleet.services.itineraries import LEFT, ItemState, State
from apps.fleet.services.passages import Passage, StopWanted, TooManyFailed, allowed_failures
from apps.fleet.services.replays import Replay


class Journey:
    """`go` moves what is left; afterwards the rollout's state and problem say what came of it."""

    def __init__(self, rollout: Rollout, *, course: Course, watch: Watch) -> None:
        self.rollout, self.course, self.watch = rollout, course, watch
        self._replays: dict[int, Replay] = {}
        self._executions = Executions()
        self._passage = Passage(rollout, course=course, watch=watch, replay_of=self._replay_of)
        self._wanted = _rings_until(course)

    def go(self) -> None:
        """Raises what breaks it off, a lost connection or Ctrl-C, with the rollout resumable."""
        try:
            self._learn_ways()
            while self._pass_ring() and self._go_on():
                pass
        except StopWanted:
            self.rollout.refresh_from_db(fields=["state", "problem"])
        except TooManyFailed as error:
            self._fail(f"Too many failed. {error}")
        except BaseException as error:
            self._note_break(error)
            raise

    def _learn_ways(self) -> None:
        """Every way is known before the first schema moves."""
        origins = self.rollout.items.filter(state__in=LEFT).values("origin")
        for origin in SchemaVersion.objects.filter(pk__in=origins).light():
            self._replays[origin.pk] = self._make_replay(origin)

    def _replay_of(self, item: RolloutItem) -> Replay:
        if item.origin_id not in self._replays:
            self._replays[item.origin_id] = self._make_replay(item.origin)
        return self._replays[item.origin_id]

    def _make_replay(self, origin: SchemaVersion) -> Replay:
        return Replay(
            steps=ways.between(origin=origin, target=self.rollout.target),
            origins=(origin.pk,),
            target=self.rollout.target_id,
            lock_timeout=self.course.lock_timeout,
            executions=self._executions,
        )

    def _pass_ring(self) -> bool:
        """Move this ring and check it; False when the rollout ends with it."""
        rollout, ring = self.rollout, self.rollout.rings[self.rollout.ring]
        items = self._without_pool(list(self._left_in_ring()))
        allowed = allowed_failures(
            ring=ring["name"], size=ring["schemas"], tolerated=self.course.tolerated
        )
        self._passage.move(items, ring=ring["name"], allowed=allowed)
        moved = rollout.items.filter(ring=rollout.ring, state=ItemState.DONE)
        names = list(moved.values_list("schema_name", flat=True))
        if items and not names and rollout.ring == 0:
            return self._leave_behind("The first ring could not be judged.")
        return self._check(ring["name"], names)

    def _left_in_ring(self) -> QuerySet[RolloutItem]:
        """The last ring takes up what was blocked in the ones before it."""
        waiting = self.rollout.items.filter(state__in=(ItemState.PENDING, ItemState.BLOCKED))
        return waiting if self._is_last() else waiting.filter(ring=self.rollout.ring)

    def _without_pool(self, items: list[RolloutItem]) -> list[RolloutItem]:
        """Prepared schemas that cannot be moved by one message are dropped: building anew is
        quicker, and nobody has anything in them.
        """
        prepared = set(Schema.objects.prepared().values_list("name", flat=True))
        kept = []
        for item in items:
            if item.schema_name in prepared and not _is_one_message(self._replay_of(item)):
                schemas.drop(schema_name=item.schema_name)
                item.delete()
            else:
                kept.append(item)
        return kept

    def _check(self, ring: str, names: Sequence[str]) -> bool:
        there = Schema.objects.filter(name__in=names, version=self.rollout.target)
        found = checks.problems(
            ring=ring,
            schema_names=list(there.values_list("name", flat=True)),
            command=self.course.check_command,
        )
        if found:
            self._fail(f"Ring {ring} did not pass its checks.\n{checks.summarise(found)}")
        return not found

    def _go_on(self) -> bool:
        """To the next ring; False where there is none, or it is not wanted yet."""
        if self._is_last():
            return bool(itineraries.add_newcomers(rollout=self.rollout)) or self._close()
        following = self.rollout.rings[self.rollout.ring + 1]["name"]
        self.rollout.ring += 1
        self.rollout.save(update_fields=["ring"])
        if following not in self._wanted:
            self.rollout.problem = f"Stopped before {following}, as asked."
            itineraries.finish(rollout=self.rollout, state=State.PAUSED)
            return False
        time.sleep(self.course.pause_between)
        return True

    def _is_last(self) -> bool:
        return self.rollout.ring + 1 >= len(self.rollout.rings)

    def _close(self) -> bool:
        if self.rollout.items.filter(state__in=LEFT).exists():
            return self._leave_behind()
        itineraries.finish(rollout=self.rollout, state=State.COMPLETED)
        return False

    def _leave_behind(self, lead: str = "") -> bool:
        left = self.rollout.items.filter(state__in=LEFT)
        self.rollout.problem = f"{lead}\n{itineraries.describe_left(items=left)}".strip()
        itineraries.finish(rollout=self.rollout, state=State.PAUSED, alarm=True)
        return False

    def _fail(self, problem: str) -> None:
        self.rollout.problem = problem
        itineraries.finish(rollout=self.rollout, state=State.FAILED, alarm=True)

    def _note_break(self, error: BaseException) -> None:
        self.rollout.problem = f"Broken off: {type(error).__name__} {error}".strip()[:1000]
        with contextlib.suppress(DatabaseError):
            itineraries.finish(rollout=self.rollout, state=State.PAUSED)


def _rings_until(course: Course) -> list[str]:
    """The rings that are wanted now, small ones that turned out empty among them."""
    names = [ring.name for ring in rings.parse(course.rings)]
    if not course.until:
        return [*names, "pool"]
    if course.until not in names:
        raise RingsInvalid(f"{course.until!r} is none of the rings {', '.join(names)}.")
    return names[: names.index(course.until) + 1]


def _is_one_message(replay: Replay) -> bool:
    return all(step.mode == SchemaStep.Mode.REPLAY for step in replay.steps)
