"""Who goes first: a fleet divided into a canary and growing rings around it."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.fleet.errors import RingsInvalid

USUAL = "canary,1%,10%,all"
WHOLE = 100.0
_PART = re.compile(r"(?P<canary>canary)|(?P<all>all)|(?P<share>\d+(\.\d+)?)%|(?P<count>\d+)")


@dataclass(frozen=True)
class Ring:
    """How many schemas are done when this ring is, those of the rings before it included."""

    name: str
    count: int = 0
    share: float = 0.0

    def reach(self, *, fleet: int, canaries: int) -> int:
        if self.name == "canary":
            return canaries or 1
        return min(fleet, self.count or math.ceil(fleet * self.share / WHOLE))


def parse(text: str) -> list[Ring]:
    """`canary,1%,10%,all` or `1,25,50%`; the rest of the fleet is always the last ring.

    Raises `RingsInvalid`.
    """
    rings = [_parse_one(part.strip()) for part in text.split(",")]
    if rings[-1].share != WHOLE:
        rings.append(Ring("all", share=WHOLE))
    if len({ring.name for ring in rings}) < len(rings):
        raise RingsInvalid(f"{text!r} names a ring twice.")
    return rings


def divide(
    names: Iterable[str], *, rings: Sequence[Ring], canaries: Iterable[str] = ()
) -> dict[str, list[str]]:
    """Ring names with the schemas that each adds; rings that would add none are left out.

    Marked canaries go first. The others follow in an order that has nothing to do with their
    names, and is the same at each call.
    """
    marked = set(canaries)
    order = sorted(names, key=lambda name: (name not in marked, _shuffle(name)))
    found = sum(name in marked for name in order)
    divided, done = {}, 0
    for ring in rings:
        reach = max(done, ring.reach(fleet=len(order), canaries=found))
        if members := order[done:reach]:
            divided[ring.name] = sorted(members)
        done = reach
    return divided


def _parse_one(part: str) -> Ring:
    found = _PART.fullmatch(part)
    if not found:
        raise RingsInvalid(f"{part!r} is no ring: write canary, 5, 10% or all.")
    if found["share"]:
        return Ring(part, share=_within_whole(float(found["share"])))
    if found["count"]:
        return Ring(part, count=max(1, int(found["count"])))
    return Ring(part, share=WHOLE if part == "all" else 0.0)


def _within_whole(share: float) -> float:
    if not 0 < share <= WHOLE:
        raise RingsInvalid(f"{share:g}% is no share of the fleet: between 0 and 100.")
    return share


def _shuffle(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
