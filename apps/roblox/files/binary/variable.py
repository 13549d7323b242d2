"""Columns whose values have sizes of their own."""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, overload

from apps.roblox.files.values import Content, Font, PhysicalProperties, ValueType

from . import interleave
from .codec import BadColumnError, expect, need
from .fixed import pack_referents, referents
from .interleave import Buffer
from .links import Links, Numbers

LENGTH = struct.Struct("<I")
# Roblox makes sequences of at most 20.
MOST_KEYPOINTS = 1_000


def take_string(raw: Buffer, at: int) -> tuple[bytes, int]:
    """A length-prefixed string and where the next value starts."""
    need(raw, at + 4)
    end = at + 4 + LENGTH.unpack_from(raw, at)[0]
    need(raw, end)
    return bytes(raw[at + 4 : end]), end


def put_string(value: bytes) -> bytes:
    return LENGTH.pack(len(value)) + value


class StringColumn(Sequence[bytes]):
    """Strings left in the chunk's bytes until one is asked for."""

    __slots__ = ("ends", "raw")

    def __init__(self, raw: Buffer, count: int) -> None:
        self.raw = raw
        self.ends = _evenly(raw, count) or self._walk(raw, count)

    def _walk(self, raw: Buffer, count: int) -> array[int]:
        ends = array("I", bytes(4))
        at, limit, length = 0, len(raw), LENGTH.unpack_from
        for _ in range(count):
            if at + 4 > limit:
                raise BadColumnError("its strings end before the last instance's")
            at += 4 + length(raw, at)[0]
            if at > limit:
                raise BadColumnError(f"a string ends {at - limit} bytes after the chunk does")
            ends.append(at)
        expect(raw, at)
        return ends

    def __len__(self) -> int:
        return len(self.ends) - 1

    @overload
    def __getitem__(self, row: int) -> bytes: ...

    @overload
    def __getitem__(self, row: slice) -> Sequence[bytes]: ...

    def __getitem__(self, row: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(row, slice):
            return [self[n] for n in range(*row.indices(len(self)))]
        return bytes(self.raw[self.ends[row] + 4 : self.ends[row + 1]])

    def find(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
        """Row and match, found in the bytes of all strings at once.

        Lengths stand between the strings and hold zero bytes, which no pattern matches.
        """
        for match in pattern.finditer(self.raw):
            row = bisect_right(self.ends, match.start()) - 1
            if self.ends[row] + LENGTH.size <= match.start() and match.end() <= self.ends[row + 1]:
                yield row, match


def _evenly(raw: Buffer, count: int) -> array[int] | None:
    """The ends of strings that all have one length, as where nobody set a property."""
    size = len(raw) // count if count else 0
    if size < LENGTH.size or size * count != len(raw):
        return None
    prefix = LENGTH.pack(size - LENGTH.size)
    if any(bytes(raw[n::size]) != prefix[n : n + 1] * count for n in range(LENGTH.size)):
        return None
    return array("I", range(0, len(raw) + 1, size))


class Strings:
    def __init__(self, kind: ValueType) -> None:
        self.type = kind

    def check(self, raw: Buffer, count: int) -> None:
        StringColumn(raw, count)

    def decode(self, raw: Buffer, count: int, _links: Links) -> Sequence[bytes]:
        return StringColumn(raw, count)

    def encode(self, values: Sequence[bytes], _numbers: Numbers) -> bytes:
        return b"".join(map(put_string, values))


class Walked:
    """A column read value by value. Subclasses say how one is taken and put."""

    type: ValueType

    def take(self, raw: Buffer, at: int) -> tuple[Any, int]:
        raise NotImplementedError

    def put(self, value: Any) -> bytes:
        raise NotImplementedError

    def _walk(self, raw: Buffer, count: int) -> Iterator[Any]:
        at = 0
        for _ in range(count):
            value, at = self.take(raw, at)
            yield value
        expect(raw, at)

    def check(self, raw: Buffer, count: int) -> None:
        for _ in self._walk(raw, count):
            pass

    def decode(self, raw: Buffer, count: int, _links: Links) -> Sequence[Any]:
        return list(self._walk(raw, count))

    def encode(self, values: Sequence[Any], _numbers: Numbers) -> bytes:
        return b"".join(map(self.put, values))


class Keypoints(Walked):
    """NumberSequence and ColorSequence: a count, then so many groups of floats."""

    def __init__(self, kind: ValueType, width: int) -> None:
        self.type = kind
        self.layout = struct.Struct(f"<{width}f")

    def take(self, raw: Buffer, at: int) -> tuple[Any, int]:
        need(raw, at + 4)
        start, count = at + 4, LENGTH.unpack_from(raw, at)[0]
        if count > MOST_KEYPOINTS:
            raise BadColumnError(f"a sequence has {count} keypoints")
        end = start + count * self.layout.size
        need(raw, end)
        return tuple(self.layout.iter_unpack(raw[start:end])), end

    def put(self, value: Any) -> bytes:
        return LENGTH.pack(len(value)) + b"".join(self.layout.pack(*point) for point in value)


class Physics(Walked):
    """A flag byte (1 custom, 2 with acoustic absorption), then five or six floats."""

    type = ValueType.PHYSICAL_PROPERTIES
    layouts = {0: struct.Struct(""), 1: struct.Struct("<5f"), 3: struct.Struct("<6f")}

    def take(self, raw: Buffer, at: int) -> tuple[Any, int]:
        need(raw, at + 1)
        flag = raw[at]
        layout = self.layouts.get(flag)
        if layout is None:
            raise BadColumnError(f"the byte {flag:#04x} starts no physical properties")
        end = at + 1 + layout.size
        need(raw, end)
        return (PhysicalProperties(*layout.unpack_from(raw, at + 1)) if flag else None), end

    def put(self, value: PhysicalProperties | None) -> bytes:
        if value is None:
            return b"\0"
        flag, parts = (1, value[:5]) if value.acoustic_absorption is None else (3, value)
        return bytes([flag]) + self.layouts[flag].pack(*parts)


class Fonts(Walked):
    type = ValueType.FONT
    layout = struct.Struct("<HB")

    def take(self, raw: Buffer, at: int) -> tuple[Any, int]:
        family, at = take_string(raw, at)
        need(raw, at + 3)
        weight, style = self.layout.unpack_from(raw, at)
        cached, at = take_string(raw, at + 3)
        return Font(family, weight, style, cached), at

    def put(self, value: Font) -> bytes:
        middle = self.layout.pack(value.weight, value.style)
        return put_string(value.family) + middle + put_string(value.cached_face)


class Contents:
    """The sources of all values, then their URIs, instances and foreign instances."""

    type = ValueType.CONTENT
    sources = ("none", "uri", "object")

    def check(self, raw: Buffer, count: int) -> None:
        self._split(raw, count)

    def _split(self, raw: Buffer, count: int) -> tuple[list[int], list[bytes], list[int]]:
        at = 4 * count
        need(raw, at + 4)
        kinds = list(interleave.unsigned(raw[:at]))
        if any(kind >= len(self.sources) for kind in kinds):
            raise BadColumnError("a content has a source that is not none, URI or object")
        uris: list[bytes] = []
        for _ in range(LENGTH.unpack_from(raw, at)[0]):
            uri, after = take_string(raw, at + 4 if not uris else at)
            uris.append(uri)
            at = after
        if not uris:
            at += 4
        objects, at = self._take_referents(raw, at)
        _, at = self._take_referents(raw, at)
        expect(raw, at)
        if kinds.count(1) != len(uris) or kinds.count(2) != len(objects):
            raise BadColumnError("the number of contents does not agree with their sources")
        return kinds, uris, objects

    def _take_referents(self, raw: Buffer, at: int) -> tuple[list[int], int]:
        need(raw, at + 4)
        end = at + 4 + 4 * LENGTH.unpack_from(raw, at)[0]
        need(raw, end)
        return referents(raw[at + 4 : end]), end

    def decode(self, raw: Buffer, count: int, links: Links) -> Sequence[Content]:
        kinds, uris, objects = self._split(raw, count)
        found = {
            1: iter([Content(uri=uri) for uri in uris]),
            2: iter([Content(target=links.instance(number)) for number in objects]),
        }
        return [next(found[kind]) if kind else Content() for kind in kinds]

    def encode(self, values: Sequence[Content], numbers: Numbers) -> bytes:
        kinds = [self.sources.index(value.source) for value in values]
        uris = [value.uri for value in values if value.uri is not None]
        objects = [numbers.referent(v.target) for v in values if v.source == "object"]
        parts = [interleave.pack_unsigned(kinds), LENGTH.pack(len(uris)), *map(put_string, uris)]
        return b"".join([*parts, put_referents(objects), put_referents([])])


def put_referents(values: Sequence[int]) -> bytes:
    return LENGTH.pack(len(values)) + pack_referents(values)
