"""What jobs work on, for people: an upper floor says of its own tasks where that is seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from apps.jobs.models import JobRun


@dataclass(frozen=True)
class Subject:
    """`permission` is what its page takes, if more than to see jobs."""

    label: str
    url: str
    permission: str = ""


# Of runs of its tasks, within their workspace, those that have a subject, in one query or two.
Finder = Callable[[Sequence[JobRun]], Mapping[UUID, Subject]]
_finders: dict[str, Finder] = {}


def register(finder: Finder, *names: str) -> None:
    _finders.update(dict.fromkeys(names, finder))


def find(runs: Iterable[JobRun], *, can: Collection[str]) -> dict[UUID, Subject]:
    """By the run's id; runs without a subject, or with one that takes more than these permissions,
    are left out.
    """
    found: dict[UUID, Subject] = {}
    known = sorted((run for run in runs if run.name in _finders), key=lambda run: run.name)
    for name, group in groupby(known, key=lambda run: run.name):
        found.update(_finders[name](list(group)))
    return {pk: one for pk, one in found.items() if not one.permission or one.permission in can}
