"""Properties as they lie in the file: one column a property of a class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.roblox.files.document import Found
from apps.roblox.files.refusals import Malformed
from apps.roblox.files.search import Wanted, searchable
from apps.roblox.files.values import Opaque, Property, ValueType

from .chunks import Chunk, unpack
from .codec import BadColumnError, Codec
from .interleave import Buffer
from .links import Links
from .variable import StringColumn

SEARCHED = frozenset({ValueType.STRING, ValueType.CONTENT, ValueType.FONT})


class Column:
    """One property of every instance of a class, decoded when first asked for.

    `raw` may be absent: large columns that nobody may ever look at are unpacked again.
    """

    __slots__ = ("_values", "chunk", "codec", "count", "links", "raw", "start", "tag")

    def __init__(
        self, chunk: Chunk, tag: int, codec: Codec | None, count: int, links: Links
    ) -> None:
        self.chunk = chunk
        self.tag = tag
        self.codec = codec
        self.count = count
        self.links = links
        self.raw: Buffer | None = None
        self.start = 0
        self._values: Sequence[Any] | None = None

    @property
    def type(self) -> ValueType:
        return self.codec.type if self.codec else ValueType.OPAQUE

    def check(self, raw: Buffer) -> None:
        """Refuse a column whose bytes do not make `count` values."""
        if self.codec is None:
            return
        try:
            self.codec.check(raw, self.count)
        except BadColumnError as error:
            raise Malformed(
                f"A property cannot be read: {error}", where=self.chunk.where
            ) from error

    def keep(self, raw: Buffer) -> None:
        self.raw = raw

    def values(self) -> Sequence[Any]:
        """Decoded once when the bytes were kept; else only the column asked for last stays."""
        if self._values is not None:
            return self._values
        if self.links.latest[0] is self:
            return self.links.latest[1]
        values = self._decode()
        if self.raw is not None:
            self._values = values
        else:
            self.links.latest = (self, values)
        return values

    def find(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
        """Row and match, for all matches in the values."""
        values = self.values()
        if isinstance(values, StringColumn):
            yield from values.find(pattern)
            return
        for row, value in enumerate(values):
            found = pattern.finditer(searchable(Property(self.type, value)))
            yield from ((row, match) for match in found)

    def content(self) -> Buffer:
        """The column's bytes, unpacked again when they were not kept."""
        return unpack(self.chunk)[self.start :] if self.raw is None else self.raw

    def _decode(self) -> Sequence[Any]:
        raw = self.content()
        if self.codec is None:
            return [Opaque(f"{self.tag:#04x}", bytes(raw))] * self.count
        try:
            return self.codec.decode(raw, self.count, self.links)
        except BadColumnError as error:
            raise Malformed(
                f"A property cannot be read: {error}", where=self.chunk.where
            ) from error


class ClassTable:
    """The instances of one INST chunk and their columns."""

    __slots__ = ("class_name", "columns", "count", "referents")

    def __init__(self, class_name: str, referents: Sequence[int]) -> None:
        self.class_name = class_name
        self.referents = referents
        self.count = len(referents)
        self.columns: dict[str, Column] = {}

    def row(self, number: int) -> Mapping[str, Property]:
        return Row(self.columns, number)

    def search(self, wanted: Wanted) -> Iterator[Found]:
        for name, column in self.columns.items():
            if not wanted.covers(name):
                continue
            if column.type is ValueType.SHARED_STRING:
                yield from self._search_shared(name, column, wanted.pattern)
            elif column.type in SEARCHED and wanted.may_be_in(column.content()):
                yield from ((row, name, match) for row, match in column.find(wanted.pattern))

    def _search_shared(
        self, name: str, column: Column, pattern: re.Pattern[bytes]
    ) -> Iterator[Found]:
        """Each shared string once, for the first row that has it: it may be large."""
        seen: set[int] = set()
        for row, value in enumerate(column.values()):
            if id(value) not in seen:
                seen.add(id(value))
                yield from ((row, name, match) for match in pattern.finditer(value))


class Row(Mapping[str, Property]):
    __slots__ = ("columns", "number")

    def __init__(self, columns: dict[str, Column], number: int) -> None:
        self.columns = columns
        self.number = number

    def __getitem__(self, name: str) -> Property:
        column = self.columns[name]
        return Property(column.type, column.values()[self.number])

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)
