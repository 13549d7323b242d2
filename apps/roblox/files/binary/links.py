"""What values of a column may point at: other instances and shared strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.roblox.files.document import Instance

NOTHING = -1


@dataclass(slots=True)
class Links:
    """While reading: referent → instance. Filled once every instance is known."""

    shared: Sequence[bytes] = ()
    instances: Mapping[int, Instance] = field(default_factory=dict)
    latest: tuple[object, Sequence[Any]] = (None, ())

    def instance(self, referent: int) -> Instance | None:
        return self.instances.get(referent)


@dataclass(slots=True)
class Numbers:
    """While writing: instance → referent, shared string → index."""

    referents: dict[int, int] = field(default_factory=dict)
    shared: dict[bytes, int] = field(default_factory=dict)

    def referent(self, instance: Instance | None) -> int:
        return NOTHING if instance is None else self.referents.get(id(instance), NOTHING)

    def share(self, value: bytes) -> int:
        return self.shared.setdefault(value, len(self.shared))
