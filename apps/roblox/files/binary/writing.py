"""From a `Document` to the binary format."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Literal

import lz4.block
import zstandard

from apps.roblox.files.document import Document, Instance
from apps.roblox.files.refusals import Unwritable
from apps.roblox.files.values import (
    CFrame,
    Color3,
    Color3uint8,
    Content,
    Font,
    NumberRange,
    Property,
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

from .chunks import CLOSING, FRAME, HEADER, MAGIC
from .fixed import pack_referents
from .links import NOTHING, Numbers
from .types import CODECS, NUMBERS
from .variable import LENGTH, put_string

Compression = Literal["lz4", "zstd", "none"]
COMPRESS: dict[Compression, Callable[[bytes], bytes]] = {
    "lz4": lambda raw: bytes(lz4.block.compress(raw, store_size=False)),
    "zstd": lambda raw: zstandard.ZstdCompressor(level=9).compress(raw),
    "none": lambda _raw: b"",
}
ORIGIN = Vector3(0.0, 0.0, 0.0)
FLAT = Vector2(0.0, 0.0)
# For instances that lack a property others of their class have: every value must be there.
DEFAULTS: dict[ValueType, Any] = {
    ValueType.BOOL: False,
    ValueType.REF: None,
    ValueType.FLOAT32: 0.0,
    ValueType.FLOAT64: 0.0,
    ValueType.CONTENT: Content(),
    ValueType.UDIM: UDim(0.0, 0),
    ValueType.UDIM2: UDim2(0.0, 0, 0.0, 0),
    ValueType.RAY: Ray(ORIGIN, ORIGIN),
    ValueType.COLOR3: Color3(0.0, 0.0, 0.0),
    ValueType.COLOR3_UINT8: Color3uint8(0, 0, 0),
    ValueType.VECTOR2: FLAT,
    ValueType.VECTOR3: ORIGIN,
    ValueType.VECTOR3_INT16: Vector3int16(0, 0, 0),
    ValueType.CFRAME: CFrame(ORIGIN),
    ValueType.OPTIONAL_CFRAME: None,
    ValueType.NUMBER_SEQUENCE: ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)),
    ValueType.COLOR_SEQUENCE: ((0.0, 0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0)),
    ValueType.NUMBER_RANGE: NumberRange(0.0, 0.0),
    ValueType.RECT: Rect(FLAT, FLAT),
    ValueType.PHYSICAL_PROPERTIES: None,
    ValueType.UNIQUE_ID: UniqueId(0, 0, 0),
    ValueType.FONT: Font(b"", 400, 0),
}
BYTES_NUMBERS = frozenset({0x01, 0x1C, 0x1D})


def write_binary(document: Document, compression: Compression) -> bytes:
    """Raises `Unwritable` for opaque values and for one property with two types in a class."""
    instances = list(document.instances())
    numbers = Numbers({id(instance): n for n, instance in enumerate(instances)})
    classes: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        classes[instance.class_name].append(instance)
    ordered = sorted(classes.items())
    properties = [
        chunk for n, (_, members) in enumerate(ordered) for chunk in _columns(n, members, numbers)
    ]
    services = {root.class_name for root in document.roots if document.kind == "place"}
    chunks = [
        *_meta(document),
        *_shared_strings(numbers),
        *(_members(n, c, m, numbers, services=services) for n, (c, m) in enumerate(ordered)),
        *properties,
        (b"PRNT", _parents(instances, numbers)),
    ]
    pack = COMPRESS[compression]
    body = b"".join(_frame(name, raw, pack) for name, raw in chunks)
    header = HEADER.pack(MAGIC, 0, len(ordered), len(instances))
    return header + body + FRAME.pack(b"END\0", 0, len(CLOSING)) + CLOSING


def _frame(name: bytes, raw: bytes, pack: Callable[[bytes], bytes]) -> bytes:
    packed = pack(raw)
    if not 0 < len(packed) < len(raw):
        return FRAME.pack(name, 0, len(raw)) + raw
    return FRAME.pack(name, len(packed), len(raw)) + packed


def _meta(document: Document) -> Iterable[tuple[bytes, bytes]]:
    if document.metadata:
        entries = [text.encode() for pair in document.metadata.items() for text in pair]
        yield b"META", LENGTH.pack(len(document.metadata)) + b"".join(map(put_string, entries))


def _shared_strings(numbers: Numbers) -> Iterable[tuple[bytes, bytes]]:
    if numbers.shared:
        # Roblox ignores the hash; sixteen zero bytes stand in its place.
        entries = b"".join(bytes(16) + put_string(value) for value in numbers.shared)
        yield b"SSTR", struct.pack("<II", 0, len(numbers.shared)) + entries


def _members(
    number: int, class_name: str, members: list[Instance], numbers: Numbers, *, services: set[str]
) -> tuple[bytes, bytes]:
    is_service = class_name in services and all(member.parent is None for member in members)
    head = LENGTH.pack(number) + put_string(class_name.encode()) + bytes([is_service])
    referents = pack_referents([numbers.referent(member) for member in members])
    markers = b"\1" * len(members) if is_service else b""
    return b"INST", head + LENGTH.pack(len(members)) + referents + markers


def _columns(
    number: int, members: list[Instance], numbers: Numbers
) -> Iterable[tuple[bytes, bytes]]:
    rows = [member.properties for member in members]
    names = sorted({name for row in rows for name in row})
    for name in names:
        found = [row.get(name) for row in rows]
        tag = _tag(members[0].class_name, name, found)
        kind = CODECS[tag].type
        missing = _missing(tag, kind, name, members[0])
        values = [missing if prop is None else prop.value for prop in found]
        head = LENGTH.pack(number) + put_string(name.encode()) + bytes([tag])
        yield b"PROP", head + _encode(tag, values, numbers, f"{members[0].class_name}.{name}")


def _tag(class_name: str, name: str, found: list[Property | None]) -> int:
    types = {prop.type for prop in found if prop is not None}
    tags = {NUMBERS.get(kind, -1) for kind in types}
    if tags == {-1} or len(tags) > 1:
        raise Unwritable(
            f"{class_name}.{name} holds {' and '.join(sorted(types))}, "
            "which the binary format cannot hold in one column"
        )
    return tags.pop()


def _missing(tag: int, kind: ValueType, name: str, member: Instance) -> Any:
    if name == "Name":
        return member.class_name.encode()
    return b"" if tag in BYTES_NUMBERS else DEFAULTS.get(kind, 0)


def _encode(tag: int, values: list[Any], numbers: Numbers, where: str) -> bytes:
    try:
        return CODECS[tag].encode(values, numbers)
    except (struct.error, OverflowError, ValueError) as error:
        raise Unwritable(f"A value of {where} does not fit its type: {error}") from error


def _parents(instances: list[Instance], numbers: Numbers) -> bytes:
    parents = [NOTHING if i.parent is None else numbers.referent(i.parent) for i in instances]
    children = list(range(len(instances)))
    head = struct.pack("<BI", 0, len(instances))
    return head + pack_referents(children) + pack_referents(parents)
