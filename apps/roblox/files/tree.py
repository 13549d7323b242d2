"""Checks over a linked tree, the same for both formats."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .document import Instance
from .limits import Limits
from .refusals import Cyclic, TooDeep

CIRCLE_SHOWN = 10


def check(roots: Iterable[Instance], instances: Collection[Instance], limits: Limits) -> None:
    """Every instance hangs under a root, none deeper than `limits.depth`."""
    level = list(roots)
    reached, depth = 0, 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise TooDeep(
                f"An instance has more than {limits.depth} ancestors", where=level[0].path
            )
        reached += len(level)
        level = [child for instance in level for child in instance.children]
    if reached != len(instances):
        raise Cyclic(where=_a_circle(instances))


def _a_circle(instances: Iterable[Instance]) -> str:
    """The names along one circle of parents."""
    cleared: set[int] = set()
    for instance in instances:
        seen: dict[int, Instance] = {}
        node: Instance | None = instance
        while node is not None and id(node) not in cleared:
            if id(node) in seen:
                return _names_from(node)
            seen[id(node)] = node
            node = node.parent
        cleared.update(seen)
    return "PRNT chunk"


def _names_from(start: Instance) -> str:
    names, node = [start.shown_name], start.parent
    while node is not None and node is not start and len(names) < CIRCLE_SHOWN:
        names.append(node.shown_name)
        node = node.parent
    return " under ".join([*names, names[0] if node is start else "\u2026"])
