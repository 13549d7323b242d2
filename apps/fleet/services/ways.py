"""The recorded steps that lead from one version to another."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable

from apps.fleet.errors import NotReversible, NoWay
from apps.fleet.models import SchemaStep, SchemaVersion

Way = tuple[SchemaStep, ...]


def between(*, origin: SchemaVersion, target: SchemaVersion) -> Way:
    """The steps in order, over as few versions between as can be; raises `NoWay`."""
    edges: dict[int, list[int]] = {}
    for start, end in SchemaStep.objects.order_by().values_list("origin", "target").distinct():
        edges.setdefault(start, []).append(end)
    hops = _shortest(edges, origin.pk, target.pk)
    if hops is None:
        raise NoWay(
            f"No way is recorded from version {origin} to {target}. Deploy a version between "
            "the two first, or build the missing steps with `fleet plan`."
        )
    steps = SchemaStep.objects.filter(origin__in=hops, target__in=hops)
    by_hop: dict[tuple[int, int], list[SchemaStep]] = {}
    for step in steps.order_by("position"):
        by_hop.setdefault((step.origin_id, step.target_id), []).append(step)
    return tuple(step for hop in itertools.pairwise(hops) for step in by_hop[hop])


def require_reversible(steps: Iterable[SchemaStep]) -> None:
    """Raises `NotReversible`, which names the steps that cannot be undone."""
    stuck = [str(step) for step in steps if step.backward is None]
    if stuck:
        raise NotReversible(
            f"{', '.join(stuck)} cannot be undone. Mend it forward: write a migration that "
            "repairs what the checks found, and run `fleet migrate` again."
        )


def _shortest(edges: dict[int, list[int]], origin: int, target: int) -> list[int] | None:
    seen, waiting = {origin}, deque([[origin]])
    while waiting:
        path = waiting.popleft()
        if path[-1] == target:
            return path
        for end in edges.get(path[-1], []):
            if end not in seen:
                seen.add(end)
                waiting.append([*path, end])
    return None
