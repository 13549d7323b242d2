"""Columns whose values all have the same size."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any

from apps.roblox.files.values import (
    Color3,
    Color3uint8,
    NumberRange,
    Ray,
    Rect,
    UDim,
    UDim2,
    UniqueId,
    ValueType,
    Vector2,
    Vector3,
    Vector3int16,
)

from . import interleave
from .codec import BadColumnError, expect
from .interleave import Buffer
from .links import Links, Numbers

UNPACK: dict[str, Callable[[Buffer], Sequence[Any]]] = {
    "f": interleave.floats,
    "i": interleave.signed,
    "I": interleave.unsigned,
    "q": lambda raw: interleave.signed(raw, 8),
}
PACK: dict[str, Callable[[Sequence[Any]], bytes]] = {
    "f": interleave.pack_floats,
    "i": interleave.pack_signed,
    "I": interleave.pack_unsigned,
    "q": lambda values: interleave.pack_signed(values, 8),
}
WIDTH = {"f": 4, "i": 4, "I": 4, "q": 8}


class Single:
    """One interleaved number a value."""

    def __init__(self, kind: ValueType, lane: str) -> None:
        self.type = kind
        self.lane = lane

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * WIDTH[self.lane])

    def decode(self, raw: Buffer, _count: int, _links: Links) -> Sequence[Any]:
        return UNPACK[self.lane](raw)

    def encode(self, values: Sequence[Any], _numbers: Numbers) -> bytes:
        return PACK[self.lane](values)


class Lanes:
    """Several interleaved numbers a value, part by part, in the order `lanes` says."""

    def __init__(
        self,
        kind: ValueType,
        lanes: str,
        build: Callable[..., Any],
        split: Callable[[Any], Sequence[Any]] = tuple,
    ) -> None:
        self.type = kind
        self.lanes = lanes
        self.build = build
        self.split = split

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * 4 * len(self.lanes))

    def decode(self, raw: Buffer, count: int, _links: Links) -> Sequence[Any]:
        size = 4 * count
        parts = [UNPACK[k](raw[n * size : (n + 1) * size]) for n, k in enumerate(self.lanes)]
        return list(map(self.build, *parts))

    def encode(self, values: Sequence[Any], _numbers: Numbers) -> bytes:
        parts = zip(*(self.split(value) for value in values), strict=True)
        return b"".join(PACK[lane](part) for lane, part in zip(self.lanes, parts, strict=True))


class Plain:
    """Little-endian structures one after the other."""

    def __init__(
        self,
        kind: ValueType,
        layout: str,
        build: Callable[..., Any] | None = None,
        split: Callable[[Any], Sequence[Any]] = tuple,
    ) -> None:
        self.type = kind
        self.layout = struct.Struct("<" + layout)
        self.build = build
        self.split = split

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * self.layout.size)

    def decode(self, raw: Buffer, _count: int, _links: Links) -> Sequence[Any]:
        if self.build is None:
            return [value for (value,) in self.layout.iter_unpack(raw)]
        return [self.build(*parts) for parts in self.layout.iter_unpack(raw)]

    def encode(self, values: Sequence[Any], _numbers: Numbers) -> bytes:
        if self.build is None:
            return b"".join(map(self.layout.pack, values))
        return b"".join(self.layout.pack(*self.split(value)) for value in values)


class Colors:
    """Color3uint8: all reds, all greens, all blues."""

    type = ValueType.COLOR3_UINT8

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * 3)

    def decode(self, raw: Buffer, count: int, _links: Links) -> Sequence[Color3uint8]:
        return list(map(Color3uint8, raw[:count], raw[count : 2 * count], raw[2 * count :]))

    def encode(self, values: Sequence[Color3uint8], _numbers: Numbers) -> bytes:
        return bytes(chain(*zip(*values, strict=True)))


class References:
    """Instances, as differences from the referent before."""

    type = ValueType.REF

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * 4)

    def decode(self, raw: Buffer, _count: int, links: Links) -> Sequence[Any]:
        return [links.instance(number) for number in referents(raw)]

    def encode(self, values: Sequence[Any], numbers: Numbers) -> bytes:
        return pack_referents([numbers.referent(value) for value in values])


def referents(raw: Buffer) -> list[int]:
    return list(accumulate(interleave.signed(raw)))


def pack_referents(values: Sequence[int]) -> bytes:
    before = (0, *values[:-1]) if values else ()
    return interleave.pack_signed([now - last for now, last in zip(values, before, strict=True)])


class SharedStrings:
    """Indices into the SSTR chunk."""

    type = ValueType.SHARED_STRING

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * 4)

    def decode(self, raw: Buffer, _count: int, links: Links) -> Sequence[bytes]:
        indices = interleave.unsigned(raw)
        if any(index >= len(links.shared) for index in indices):
            raise BadColumnError(
                f"it names a shared string beyond the {len(links.shared)} in the file"
            )
        return [links.shared[index] for index in indices]

    def encode(self, values: Sequence[bytes], numbers: Numbers) -> bytes:
        return interleave.pack_unsigned([numbers.share(value) for value in values])


class UniqueIds:
    """Sixteen interleaved bytes: index, time, and a random number with its sign rotated last."""

    type = ValueType.UNIQUE_ID
    layout = struct.Struct("<QII")

    def check(self, raw: Buffer, count: int) -> None:
        expect(raw, count * 16)

    def decode(self, raw: Buffer, _count: int, _links: Links) -> Sequence[UniqueId]:
        rows = self.layout.iter_unpack(interleave.gather(raw, 16))
        return [UniqueId(number, time, _rotated(word)) for word, time, number in rows]

    def encode(self, values: Sequence[UniqueId], _numbers: Numbers) -> bytes:
        rows = [self.layout.pack(_word(v.random), v.time, v.number) for v in values]
        return interleave.scatter(b"".join(rows), 16)


def _rotated(word: int) -> int:
    turned = (word >> 1) | ((word & 1) << 63)
    return turned - (1 << 64) if turned >> 63 else turned


def _word(value: int) -> int:
    plain = value & ((1 << 64) - 1)
    return ((plain << 1) | (plain >> 63)) & ((1 << 64) - 1)


def _udim2(xs: float, ys: float, xo: int, yo: int) -> UDim2:
    return UDim2(xs, xo, ys, yo)


def _ray(*parts: float) -> Ray:
    return Ray(Vector3(*parts[:3]), Vector3(*parts[3:]))


def _rect(x1: float, y1: float, x2: float, y2: float) -> Rect:
    return Rect(Vector2(x1, y1), Vector2(x2, y2))


def _flat(value: Any) -> Sequence[Any]:
    return tuple(chain(*value))


UDIM = Lanes(ValueType.UDIM, "fi", UDim)
UDIM2 = Lanes(
    ValueType.UDIM2, "ffii", _udim2, lambda v: (v.x_scale, v.y_scale, v.x_offset, v.y_offset)
)
COLOR3 = Lanes(ValueType.COLOR3, "fff", Color3)
VECTOR2 = Lanes(ValueType.VECTOR2, "ff", Vector2)
VECTOR3 = Lanes(ValueType.VECTOR3, "fff", Vector3)
RECT = Lanes(ValueType.RECT, "ffff", _rect, _flat)
RAY = Plain(ValueType.RAY, "6f", _ray, _flat)
VECTOR3_INT16 = Plain(ValueType.VECTOR3_INT16, "3h", Vector3int16)
NUMBER_RANGE = Plain(ValueType.NUMBER_RANGE, "2f", NumberRange)
