"""The values of properties, the same for both file formats.

Strings of every kind are `bytes`, as Luau has them; `text` makes them readable.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from .document import Instance


class ValueType(StrEnum):
    """Names follow the XML format's elements; the value's Python type stands beside each."""

    STRING = "string"  # bytes
    PROTECTED_STRING = "ProtectedString"  # bytes
    BINARY_STRING = "BinaryString"  # bytes
    CONTENT_ID = "ContentId"  # bytes
    SHARED_STRING = "SharedString"  # bytes
    BYTECODE = "Bytecode"  # bytes
    BOOL = "bool"  # bool
    INT32 = "int"  # int
    INT64 = "int64"  # int
    FLOAT32 = "float"  # float
    FLOAT64 = "double"  # float
    ENUM = "token"  # int
    BRICK_COLOR = "BrickColor"  # int
    FACES = "Faces"  # int, bit field
    AXES = "Axes"  # int, bit field
    SECURITY_CAPABILITIES = "SecurityCapabilities"  # int, bit field
    REF = "Ref"  # Instance | None
    CONTENT = "Content"  # Content
    UDIM = "UDim"
    UDIM2 = "UDim2"
    RAY = "Ray"
    COLOR3 = "Color3"
    COLOR3_UINT8 = "Color3uint8"
    VECTOR2 = "Vector2"
    VECTOR3 = "Vector3"
    VECTOR3_INT16 = "Vector3int16"
    CFRAME = "CoordinateFrame"
    OPTIONAL_CFRAME = "OptionalCoordinateFrame"  # CFrame | None
    NUMBER_SEQUENCE = "NumberSequence"  # tuple of (time, value, envelope)
    COLOR_SEQUENCE = "ColorSequence"  # tuple of (time, r, g, b, envelope)
    NUMBER_RANGE = "NumberRange"
    RECT = "Rect2D"
    PHYSICAL_PROPERTIES = "PhysicalProperties"  # PhysicalProperties | None
    UNIQUE_ID = "UniqueId"
    FONT = "Font"
    OPAQUE = "opaque"  # Opaque


STRINGS = frozenset(
    {
        ValueType.STRING,
        ValueType.PROTECTED_STRING,
        ValueType.BINARY_STRING,
        ValueType.CONTENT_ID,
        ValueType.SHARED_STRING,
    }
)


class UDim(NamedTuple):
    scale: float
    offset: int


class UDim2(NamedTuple):
    x_scale: float
    x_offset: int
    y_scale: float
    y_offset: int


class Vector2(NamedTuple):
    x: float
    y: float


class Vector3(NamedTuple):
    x: float
    y: float
    z: float


class Vector3int16(NamedTuple):
    x: int
    y: int
    z: int


class Ray(NamedTuple):
    origin: Vector3
    direction: Vector3


class Color3(NamedTuple):
    """Each part from 0 to 1."""

    r: float
    g: float
    b: float


class Color3uint8(NamedTuple):
    """Each part from 0 to 255."""

    r: int
    g: int
    b: int


Rotation = tuple[float, float, float, float, float, float, float, float, float]
UPRIGHT: Rotation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


class CFrame(NamedTuple):
    """A position in studs and a rotation matrix, row by row."""

    position: Vector3
    rotation: Rotation = UPRIGHT


class NumberRange(NamedTuple):
    low: float
    high: float


class Rect(NamedTuple):
    low: Vector2
    high: Vector2


class PhysicalProperties(NamedTuple):
    density: float
    friction: float
    elasticity: float
    friction_weight: float
    elasticity_weight: float
    acoustic_absorption: float | None = None


class UniqueId(NamedTuple):
    number: int
    time: int
    random: int


class Font(NamedTuple):
    family: bytes
    weight: int
    style: int
    cached_face: bytes = b""


class Content(NamedTuple):
    """`uri` when the source is a URI, `target` when it is an instance, neither when empty."""

    uri: bytes | None = None
    target: Instance | None = None

    @property
    def source(self) -> Literal["none", "uri", "object"]:
        if self.uri is not None:
            return "uri"
        return "none" if self.target is None else "object"


class Opaque(NamedTuple):
    """A value of a type this reader does not know.

    From XML: the element's name and its inner text. From the binary format, which does not
    say where one instance's value ends: `0x..` and the bytes of the whole column.
    """

    kind: str
    raw: bytes


class Property(NamedTuple):
    type: ValueType
    value: Any


def text(value: bytes) -> str:
    """UTF-8 with U+FFFD for what is not, and for NUL, which databases refuse."""
    return value.decode("utf-8", "replace").replace("\0", "\ufffd")
