"""Property elements to typed values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.roblox.files.values import (
    CFrame,
    Color3,
    Color3uint8,
    Content,
    Font,
    NumberRange,
    Opaque,
    PhysicalProperties,
    Property,
    Ray,
    Rect,
    Rotation,
    UDim,
    UDim2,
    UniqueId,
    ValueType,
    Vector2,
    Vector3,
    Vector3int16,
)

from .node import Node
from .scalars import read_base64, read_bool, read_double, read_integer, read_single

T = ValueType
ROTATION_PARTS = tuple(f"R{row}{column}" for row in range(3) for column in range(3))
PHYSICS_PARTS = ("Density", "Friction", "Elasticity", "FrictionWeight", "ElasticityWeight")
FONT_STYLES = {"Normal": 0, "Italic": 1}
UNIQUE_ID_SIZE = 16


def _singles(node: Node, names: tuple[str, ...]) -> list[float]:
    return [read_single(node.part(name)) for name in names]


def _vector3(node: Node) -> Vector3:
    return Vector3(*_singles(node, ("X", "Y", "Z")))


def _vector2(node: Node) -> Vector2:
    return Vector2(*_singles(node, ("X", "Y")))


def _cframe(node: Node) -> CFrame:
    rotation: Rotation = tuple(_singles(node, ROTATION_PARTS))  # type: ignore[assignment]
    return CFrame(_vector3(node), rotation)


def _optional_cframe(node: Node) -> CFrame | None:
    frame = node.child("CFrame")
    return _cframe(frame) if frame else None


def _inner(node: Node, name: str) -> Node:
    found = node.child(name)
    if found is None:
        raise KeyError(name)
    return found


def _ray(node: Node) -> Ray:
    return Ray(_vector3(_inner(node, "origin")), _vector3(_inner(node, "direction")))


def _rect(node: Node) -> Rect:
    return Rect(_vector2(_inner(node, "min")), _vector2(_inner(node, "max")))


def _udim(node: Node) -> UDim:
    return UDim(read_single(node.part("S")), read_integer(node.part("O"), 32))


def _udim2(node: Node) -> UDim2:
    x = read_single(node.part("XS")), read_integer(node.part("XO"), 32)
    return UDim2(*x, read_single(node.part("YS")), read_integer(node.part("YO"), 32))


def _vector3int16(node: Node) -> Vector3int16:
    return Vector3int16(*(read_integer(node.part(name), 16) for name in ("X", "Y", "Z")))


def _color3(node: Node) -> Color3:
    return Color3(*_singles(node, ("R", "G", "B")))


def _color3uint8(node: Node) -> Color3uint8:
    packed = read_integer(node.text, 32)
    return Color3uint8(packed >> 16 & 255, packed >> 8 & 255, packed & 255)


def _keypoints(width: int) -> Callable[[Node], Any]:
    def read(node: Node) -> tuple[tuple[float, ...], ...]:
        numbers = [read_single(word) for word in node.text.split()]
        if len(numbers) % width:
            raise ValueError("an incomplete keypoint")
        return tuple(tuple(numbers[n : n + width]) for n in range(0, len(numbers), width))

    return read


def _number_range(node: Node) -> NumberRange:
    low, high = map(read_single, node.text.split())
    return NumberRange(low, high)


def _physics(node: Node) -> PhysicalProperties | None:
    if not read_bool(node.part("CustomPhysics")):
        return None
    acoustic = node.child("AcousticAbsorption")
    extra = [read_single(acoustic.text)] if acoustic else []
    return PhysicalProperties(*_singles(node, PHYSICS_PARTS), *extra)


def _unique_id(node: Node) -> UniqueId:
    raw = bytes.fromhex(node.text)
    if len(raw) != UNIQUE_ID_SIZE:
        raise ValueError("a unique id has 16 bytes")
    random = int.from_bytes(raw[:8], "big", signed=True)
    return UniqueId(int.from_bytes(raw[12:], "big"), int.from_bytes(raw[8:12], "big"), random)


def _address(node: Node | None) -> bytes:
    url = node.child("url") if node else None
    return url.text.encode() if url else b""


def _font(node: Node) -> Font:
    style = node.part("Style")
    number = FONT_STYLES.get(style)
    if number is None:
        number = read_integer(style, 8)
    weight = read_integer(node.part("Weight"), 16)
    return Font(
        _address(node.child("Family")), weight, number, _address(node.child("CachedFaceId"))
    )


def _flags(name: str) -> Callable[[Node], int]:
    return lambda node: read_integer(node.part(name), 8)


def _text(node: Node) -> bytes:
    if node.children:
        raise ValueError("elements where text is due")
    return node.text.encode()


def _content(node: Node) -> Property:
    """`Content` was the name of ContentId until 2024; the child element tells which it is."""
    uri, url = node.child("uri"), node.child("url")
    if uri is not None:
        return Property(T.CONTENT, Content(uri=uri.text.encode()))
    if url is not None:
        return Property(T.CONTENT_ID, url.text.encode())
    if node.child("null") is not None or node.child("hash") or node.child("binary"):
        return Property(T.CONTENT, Content())
    raise KeyError("uri")


def _integer(bits: int) -> Callable[[Node], int]:
    return lambda node: read_integer(node.text, bits)


READERS: dict[ValueType, Callable[[Node], Any]] = {
    T.STRING: _text,
    T.PROTECTED_STRING: _text,
    T.BINARY_STRING: lambda node: read_base64(node.text),
    T.BYTECODE: lambda node: read_base64(node.text),
    T.CONTENT_ID: _address,
    T.BOOL: lambda node: read_bool(node.text),
    T.INT32: _integer(32),
    T.INT64: _integer(64),
    T.FLOAT32: lambda node: read_single(node.text),
    T.FLOAT64: lambda node: read_double(node.text),
    T.ENUM: _integer(32),
    T.BRICK_COLOR: _integer(32),
    T.FACES: _flags("faces"),
    T.AXES: _flags("axes"),
    T.SECURITY_CAPABILITIES: _integer(64),
    T.UDIM: _udim,
    T.UDIM2: _udim2,
    T.RAY: _ray,
    T.COLOR3: _color3,
    T.COLOR3_UINT8: _color3uint8,
    T.VECTOR2: _vector2,
    T.VECTOR3: _vector3,
    T.VECTOR3_INT16: _vector3int16,
    T.CFRAME: _cframe,
    T.OPTIONAL_CFRAME: _optional_cframe,
    T.NUMBER_SEQUENCE: _keypoints(3),
    T.COLOR_SEQUENCE: _keypoints(5),
    T.NUMBER_RANGE: _number_range,
    T.RECT: _rect,
    T.PHYSICAL_PROPERTIES: _physics,
    T.UNIQUE_ID: _unique_id,
    T.FONT: _font,
}
BY_TAG: dict[str, tuple[ValueType, Callable[[Node], Any]]] = {
    kind.value: (kind, read) for kind, read in READERS.items()
}


def interpret(node: Node) -> Property:
    """The value an element holds, opaque when it does not hold what its name says.

    References to instances and shared strings need the whole file and are not read here.
    """
    try:
        if node.tag == T.CONTENT.value:
            return _content(node)
        kind, read = BY_TAG[node.tag]
        return Property(kind, read(node))
    except (KeyError, ValueError):
        return Property(T.OPAQUE, Opaque(node.tag, node.inner().encode()))
