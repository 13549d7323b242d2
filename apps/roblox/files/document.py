"""A Roblox place or model as a tree of instances."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from . import assets
from .search import Wanted, searchable
from .values import STRINGS, Property, ValueType, text

Kind = Literal["place", "model"]
Format = Literal["binary", "xml"]

# Script, LocalScript, ModuleScript and whatever scripts Roblox adds.
SCRIPT_SUFFIX = "Script"
NONE: dict[str, Property] = {}
PATH_NAMES = 40
PATH_NAME_LENGTH = 100


# Row, property name, match.
Found = tuple[int, str, re.Match[bytes]]


class Columns(Protocol):
    """Properties kept by class rather than by instance."""

    def row(self, number: int) -> Mapping[str, Property]: ...

    def search(self, wanted: Wanted) -> Iterator[Found]:
        """Matches in the strings of all rows, a column at a time."""
        ...


class Instance:
    """One node of the tree.

    `children` is in file order; change it through `add`. `properties` maps serialised names
    to typed values: in `own`, or for instances of a binary file in `columns` at `row`.
    """

    __slots__ = ("children", "class_name", "columns", "own", "parent", "row")

    def __init__(
        self,
        class_name: str,
        name: str | None = None,
        properties: Mapping[str, Property] | None = None,
    ) -> None:
        self.class_name = class_name
        self.parent: Instance | None = None
        self.children: list[Instance] | tuple[()] = ()
        self.columns: Columns | None = None
        self.row = -1
        self.own: dict[str, Property] = dict(properties or {})
        if name is not None:
            self.own["Name"] = Property(ValueType.STRING, name.encode())

    @classmethod
    def in_columns(cls, class_name: str, columns: Columns, row: int) -> Instance:
        """An instance whose properties are row `row` of `columns`."""
        instance = cls.__new__(cls)
        instance.class_name = class_name
        instance.parent = None
        instance.children = ()
        instance.columns = columns
        instance.row = row
        instance.own = NONE
        return instance

    @classmethod
    def over(cls, class_name: str, properties: dict[str, Property]) -> Instance:
        """An instance that shares the given dictionary with its maker."""
        instance = cls(class_name)
        instance.own = properties
        return instance

    @property
    def properties(self) -> Mapping[str, Property]:
        return self.own if self.columns is None else self.columns.row(self.row)

    @property
    def name(self) -> str:
        """The `Name` property, or the class name as Roblox does when there is none."""
        found = self.properties.get("Name")
        if found is None or found.type not in STRINGS:
            return self.class_name
        return text(found.value)

    def add(self, *children: Instance) -> Instance:
        """Put `children` under this instance, last; answers this instance."""
        if isinstance(self.children, tuple):
            self.children = []
        for child in children:
            child.parent = self
            self.children.append(child)
        return self

    def text(self, name: str) -> str | None:
        """A string property as text, None when there is none."""
        found = self.properties.get(name)
        if found is None or found.type not in STRINGS:
            return None
        return text(found.value)

    @property
    def path(self) -> str:
        """Names from the root joined by dots, fit to show and to store.

        Unprintable characters are replaced, long names and long paths shortened.
        """
        names: list[str] = []
        node: Instance | None = self
        while node is not None:
            names.append(node.shown_name)
            node = node.parent
        names.reverse()
        if len(names) > PATH_NAMES:
            names[PATH_NAMES // 2 : -PATH_NAMES // 2] = ["\u2026"]
        return ".".join(names)

    @property
    def shown_name(self) -> str:
        name = self.name
        if len(name) > PATH_NAME_LENGTH:
            name = name[: PATH_NAME_LENGTH - 1] + "\u2026"
        if name.isprintable():
            return name
        return "".join(char if char.isprintable() else "\ufffd" for char in name)

    def __repr__(self) -> str:
        return f"<{self.class_name} {self.path}>"


@dataclass(frozen=True, slots=True)
class Script:
    """A script with its source as text; line 1 is the first."""

    instance: Instance
    source: str

    @property
    def class_name(self) -> str:
        return self.instance.class_name

    @property
    def path(self) -> str:
        return self.instance.path


@dataclass(frozen=True, slots=True)
class AssetReference:
    """An asset on Roblox that the file names. `uri` is as written in the file."""

    asset_id: int
    uri: str
    instance: Instance
    property_name: str

    @property
    def path(self) -> str:
        return self.instance.path


@dataclass(slots=True)
class Document:
    """What a file holds. Made by `read`, or by hand for `write`."""

    kind: Kind
    format: Format
    roots: list[Instance] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    def instances(self) -> Iterator[Instance]:
        """Every instance, parents before children, in file order."""
        waiting = list(reversed(self.roots))
        while waiting:
            instance = waiting.pop()
            yield instance
            waiting.extend(reversed(instance.children))

    @property
    def instance_count(self) -> int:
        return sum(1 for _ in self.instances())

    def class_counts(self) -> Counter[str]:
        return Counter(instance.class_name for instance in self.instances())

    def scripts(self) -> Iterator[Script]:
        """Script, LocalScript and ModuleScript instances that carry source."""
        for instance in self.instances():
            if instance.class_name.endswith(SCRIPT_SUFFIX):
                source = instance.text("Source")
                if source is not None:
                    yield Script(instance, source)

    def search(self, wanted: Wanted) -> Iterator[tuple[Instance, str, re.Match[bytes]]]:
        """Every match in the strings, URIs and fonts of properties.

        Property by property for all instances of a class, so that large files are unpacked
        once.
        """
        groups: dict[int, list[Instance]] = {}
        for instance in self.instances():
            if instance.columns is None:
                yield from _search(instance, wanted)
            else:
                groups.setdefault(id(instance.columns), []).append(instance)
        for members in groups.values():
            members.sort(key=lambda member: member.row)
            columns = members[0].columns
            for row, name, match in columns.search(wanted) if columns else ():
                yield members[row], name, match

    def asset_references(self) -> Iterator[AssetReference]:
        """Assets named by any property, sources of scripts included."""
        for instance, name, match in self.search(assets.REFERENCE):
            found = assets.interpret(match)
            if found is not None:
                yield AssetReference(*found, instance, name)

    def find(self, path: str) -> Instance | None:
        """The first instance whose `path` is the given one."""
        return next((i for i in self.instances() if i.path == path), None)


def _search(instance: Instance, wanted: Wanted) -> Iterator[tuple[Instance, str, re.Match[bytes]]]:
    for name, prop in instance.own.items():
        if wanted.covers(name):
            for match in wanted.pattern.finditer(searchable(prop)):
                yield instance, name, match
