"""CFrame columns: rotations value by value, then all positions interleaved."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from apps.roblox.files.values import UPRIGHT, CFrame, Rotation, ValueType, Vector3

from .codec import BadColumnError, expect, need
from .fixed import VECTOR3
from .interleave import Buffer
from .links import Links, Numbers

MATRIX = struct.Struct("<9f")
FRAME_TYPE, BOOL_TYPE = 0x10, 0x02

Axis = tuple[int, int, int]
AXES: tuple[Axis, ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (-1, 0, 0), (0, -1, 0), (0, 0, -1))


def _cross(a: Axis, b: Axis) -> Axis:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _aligned() -> dict[int, Rotation]:
    """The 24 numbered rotations: 1 + 6 * (axis X turns to) + (axis Y turns to)."""
    found: dict[int, Rotation] = {}
    for number in range(36):
        x, y = AXES[number // 6], AXES[number % 6]
        z = _cross(x, y)
        if any(z):
            columns = zip(x, y, z, strict=True)
            found[number + 1] = tuple(float(part) for row in columns for part in row)  # type: ignore[assignment]
    return found


ROTATIONS = _aligned()
NUMBERS = {rotation: number for number, rotation in ROTATIONS.items()}


class Frames:
    type = ValueType.CFRAME

    def check(self, raw: Buffer, count: int) -> None:
        at = self._end_of_rotations(raw, count)
        expect(raw, at + 12 * count)

    def _end_of_rotations(self, raw: Buffer, count: int) -> int:
        at, limit = 0, len(raw)
        for _ in range(count):
            if at >= limit:
                raise BadColumnError("its rotations end before the last instance's")
            number = raw[at]
            if number and number not in ROTATIONS:
                raise BadColumnError(f"{number:#04x} is not the number of a rotation")
            at += 1 if number else 37
        return at

    def decode(self, raw: Buffer, count: int, links: Links) -> Sequence[Any]:
        rotations: list[Rotation] = []
        at = 0
        for _ in range(count):
            number = raw[at]
            rotations.append(ROTATIONS[number] if number else MATRIX.unpack_from(raw, at + 1))
            at += 1 if number else 37
        positions = VECTOR3.decode(raw[at : at + 12 * count], count, links)
        return list(map(CFrame, positions, rotations))

    def encode(self, values: Sequence[CFrame], numbers: Numbers) -> bytes:
        turns = b"".join(self._put_rotation(value.rotation) for value in values)
        return turns + VECTOR3.encode([value.position for value in values], numbers)

    def _put_rotation(self, rotation: Rotation) -> bytes:
        number = NUMBERS.get(rotation)
        # -0.0 equals 0.0 but is not the same bits: only the true table entry has a number.
        if number and MATRIX.pack(*rotation) == MATRIX.pack(*ROTATIONS[number]):
            return bytes([number])
        return b"\0" + MATRIX.pack(*rotation)


class OptionalFrames(Frames):
    """As CFrames, wrapped in type numbers, with a flag a value at the end."""

    type = ValueType.OPTIONAL_CFRAME

    def check(self, raw: Buffer, count: int) -> None:
        need(raw, 2 + count)
        if raw[0] != FRAME_TYPE or raw[-1 - count] != BOOL_TYPE:
            raise BadColumnError("an optional CFrame does not hold CFrames and flags")
        super().check(raw[1 : len(raw) - 1 - count], count)

    def decode(self, raw: Buffer, count: int, links: Links) -> Sequence[Any]:
        frames = super().decode(raw[1 : len(raw) - 1 - count], count, links)
        flags = raw[len(raw) - count :]
        return [frame if flag else None for frame, flag in zip(frames, flags, strict=True)]

    def encode(self, values: Sequence[Any], numbers: Numbers) -> bytes:
        empty = CFrame(Vector3(0.0, 0.0, 0.0), UPRIGHT)
        frames = super().encode([empty if v is None else v for v in values], numbers)
        flags = bytes(value is not None for value in values)
        return bytes([FRAME_TYPE]) + frames + bytes([BOOL_TYPE]) + flags
