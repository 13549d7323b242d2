"""What differs between the catalogue and Stripe, of one kind, and how to do away with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from apps.payments.services.catalogue_sync.kinds import Document, Fields, Kind

Verb = Literal["create", "change", "archive"]
SIGNS: dict[Verb, str] = {"create": "+", "change": "~", "archive": "-"}


@dataclass(frozen=True)
class Change:
    """`details`: by field what is and what will be; None for what is not there yet."""

    verb: Verb
    kind: str
    key: str
    details: dict[str, tuple[Any, Any]]
    carry_out: Callable[[], Any]
    note: str = ""

    def lines(self) -> Iterator[str]:
        """As a person reads it: what happens, and under it field by field."""
        note = f"  ({self.note})" if self.note else ""
        yield f"{SIGNS[self.verb]} {self.verb} {self.kind} {self.key}{note}"
        for name, (before, after) in self.details.items():
            if before is None and self.verb == "create":
                yield f"      {name}: {_text(after)}"
            else:
                yield f"      {name}: {_text(before)} \N{RIGHTWARDS ARROW} {_text(after)}"


def differences(kind: Kind) -> Iterator[Change]:
    """Of several with one key the first that needs no other is kept, the rest are archived."""
    present: dict[str, list[Document]] = defaultdict(list)
    for document in kind.read():
        if key := kind.key(document):
            present[key].append(document)
    for key, fields in kind.wanted.items():
        yield from _of_one(kind, key, fields, present.pop(key, []))
    for key, documents in present.items():
        yield from _archived(kind, key, documents, "no longer in the catalogue")


def _of_one(kind: Kind, key: str, fields: Fields, found: list[Document]) -> Iterator[Change]:
    fitting = [one for one in found if _fits(kind, one, fields)]
    kept = max(fitting, key=lambda one: (_shown(kind, one)["active"], one["created"]), default=None)
    others = [one for one in found if one is not kept]
    active = [one for one in others if _shown(kind, one)["active"]]
    note = "takes the place of the one that is archived" if active else ""
    if kept is not None:
        steps = list(_changed(kind, key, fields, kept))
    else:
        steps = [_created(kind, key, fields, active, note)]
    going = list(_archived(kind, key, active, "who has it keeps it"))
    yield from [*steps, *going] if kind.hands_over else [*going, *steps]


def _created(kind: Kind, key: str, fields: Fields, replaced: list[Document], note: str) -> Change:
    before = _shown(kind, replaced[0]) if replaced else {}
    told = {name: (before.get(name), value) for name, value in fields.items() if value is not None}
    if replaced:
        told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    return Change("create", kind.name, key, told, partial(kind.create, key, fields), note)


def _changed(kind: Kind, key: str, fields: Fields, kept: Document) -> Iterator[Change]:
    present = _shown(kind, kept)
    details = {
        name: (present[name], value) for name, value in fields.items() if present[name] != value
    }
    if details:
        wish = {name: value for name, (_, value) in details.items()}
        yield Change("change", kind.name, key, details, partial(kind.change, kept, wish))


def _archived(kind: Kind, key: str, documents: list[Document], note: str) -> Iterator[Change]:
    for one in documents:
        if _shown(kind, one)["active"]:
            yield Change("archive", kind.name, key, {}, partial(kind.archive, one), note)


def _fits(kind: Kind, document: Document, fields: Fields) -> bool:
    present = _shown(kind, document)
    return all(present[name] == fields[name] for name in kind.fixed)


def _shown(kind: Kind, document: Document) -> Fields:
    return kind.shown(document)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "nothing" if value in (None, "") else str(value)
