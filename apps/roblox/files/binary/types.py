"""Type numbers of PROP chunks."""

from __future__ import annotations

from apps.roblox.files.values import ValueType

from . import fixed
from .codec import Codec
from .fixed import Plain, Single
from .frames import Frames, OptionalFrames
from .variable import Contents, Fonts, Keypoints, Physics, Strings

CODECS: dict[int, Codec] = {
    0x01: Strings(ValueType.STRING),
    0x02: Plain(ValueType.BOOL, "?"),
    0x03: Single(ValueType.INT32, "i"),
    0x04: Single(ValueType.FLOAT32, "f"),
    0x05: Plain(ValueType.FLOAT64, "d"),
    0x06: fixed.UDIM,
    0x07: fixed.UDIM2,
    0x08: fixed.RAY,
    0x09: Plain(ValueType.FACES, "B"),
    0x0A: Plain(ValueType.AXES, "B"),
    0x0B: Single(ValueType.BRICK_COLOR, "I"),
    0x0C: fixed.COLOR3,
    0x0D: fixed.VECTOR2,
    0x0E: fixed.VECTOR3,
    0x10: Frames(),
    0x12: Single(ValueType.ENUM, "I"),
    0x13: fixed.References(),
    0x14: fixed.VECTOR3_INT16,
    0x15: Keypoints(ValueType.NUMBER_SEQUENCE, 3),
    0x16: Keypoints(ValueType.COLOR_SEQUENCE, 5),
    0x17: fixed.NUMBER_RANGE,
    0x18: fixed.RECT,
    0x19: Physics(),
    0x1A: fixed.Colors(),
    0x1B: Single(ValueType.INT64, "q"),
    0x1C: fixed.SharedStrings(),
    0x1D: Strings(ValueType.BYTECODE),
    0x1E: OptionalFrames(),
    0x1F: fixed.UniqueIds(),
    0x20: Fonts(),
    0x21: Single(ValueType.SECURITY_CAPABILITIES, "q"),
    0x22: Contents(),
}

NUMBERS: dict[ValueType, int] = {codec.type: number for number, codec in CODECS.items()} | {
    # The binary format knows one kind of string.
    ValueType.PROTECTED_STRING: 0x01,
    ValueType.BINARY_STRING: 0x01,
    ValueType.CONTENT_ID: 0x01,
}
