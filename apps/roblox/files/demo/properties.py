"""Short names for the property values a place needs, as Roblox Studio serialises them."""

from __future__ import annotations

from apps.roblox.files.document import Instance
from apps.roblox.files.values import (
    CFrame,
    Color3,
    Color3uint8,
    Font,
    Property,
    UDim,
    UDim2,
    ValueType,
    Vector2,
    Vector3,
)

Triple = tuple[float, float, float]
Rgb = tuple[int, int, int]


def flag(value: bool) -> Property:  # noqa: FBT001 - the value itself
    return Property(ValueType.BOOL, value)


def integer(value: int) -> Property:
    return Property(ValueType.INT32, value)


def single(value: float) -> Property:
    return Property(ValueType.FLOAT32, value)


def enum(value: int) -> Property:
    return Property(ValueType.ENUM, value)


def string(value: str) -> Property:
    return Property(ValueType.STRING, value.encode())


def source(value: str) -> Property:
    return Property(ValueType.PROTECTED_STRING, value.encode())


def reference(value: Instance | None) -> Property:
    return Property(ValueType.REF, value)


def vector(value: Triple) -> Property:
    return Property(ValueType.VECTOR3, Vector3(*value))


def frame(position: Triple) -> Property:
    """Upright at `position`, in studs."""
    return Property(ValueType.CFRAME, CFrame(Vector3(*position)))


def color(value: Rgb) -> Property:
    red, green, blue = value
    return Property(ValueType.COLOR3, Color3(red / 255, green / 255, blue / 255))


def color_bytes(value: Rgb) -> Property:
    return Property(ValueType.COLOR3_UINT8, Color3uint8(*value))


def flat(x: float, y: float) -> Property:
    return Property(ValueType.VECTOR2, Vector2(x, y))


def extent(x: tuple[float, int], y: tuple[float, int]) -> Property:
    """Scale and offset in pixels, across and down."""
    return Property(ValueType.UDIM2, UDim2(*x, *y))


def radius(pixels: int) -> Property:
    return Property(ValueType.UDIM, UDim(0.0, pixels))


def font(weight: int) -> Property:
    family = b"rbxasset://fonts/families/GothamSSm.json"
    return Property(ValueType.FONT, Font(family, weight, 0))
