"""From a `Document` to the XML format."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from apps.roblox.files.document import Document, Instance
from apps.roblox.files.refusals import Unwritable
from apps.roblox.files.values import CFrame, Content, Font, Opaque, Property, UniqueId, ValueType

from .scalars import FOREIGN, write_double, write_single
from .values import PHYSICS_PARTS, ROTATION_PARTS

T = ValueType
CARRIAGE_RETURN = {"\r": "&#13;"}
HEAD = (
    '<roblox xmlns:xmime="http://www.w3.org/2005/05/xmlmime" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="4">'
)
STYLES = {0: "Normal", 1: "Italic"}
WORD64 = (1 << 64) - 1


class _Names:
    """Referents of instances and keys of shared strings."""

    def __init__(self, document: Document) -> None:
        self.referents = {id(i): f"RBX{n:032X}" for n, i in enumerate(document.instances())}
        self.shared: dict[str, bytes] = {}

    def referent(self, instance: Instance | None) -> str:
        return "null" if instance is None else self.referents.get(id(instance), "null")

    def share(self, value: bytes) -> str:
        key = base64.b64encode(hashlib.blake2b(value, digest_size=16).digest()).decode()
        self.shared[key] = value
        return key


def write_xml(document: Document) -> bytes:
    names = _Names(document)
    parts = chain([HEAD], _metadata(document), _items(document, names), _shared(names))
    return ("\n".join(parts) + "\n</roblox>\n").encode()


def _metadata(document: Document) -> Iterator[str]:
    for key, value in document.metadata.items():
        yield f"<Meta name={quoteattr(key)}>{_escaped(value)}</Meta>"


def _items(document: Document, names: _Names) -> Iterator[str]:
    """Without recursion: opening and closing tags wait on a stack."""
    waiting: list[Instance | None] = list(reversed(document.roots))
    while waiting:
        instance = waiting.pop()
        if instance is None:
            yield "</Item>"
            continue
        referent = names.referent(instance)
        yield f"<Item class={quoteattr(instance.class_name)} referent={quoteattr(referent)}>"
        yield from _properties(instance, names)
        waiting.append(None)
        waiting.extend(reversed(instance.children))


def _properties(instance: Instance, names: _Names) -> Iterator[str]:
    yield "<Properties>"
    for name, prop in instance.properties.items():
        yield _element(name, prop, names)
    yield "</Properties>"


def _shared(names: _Names) -> Iterator[str]:
    if names.shared:
        yield "<SharedStrings>"
        for key, value in names.shared.items():
            yield f"<SharedString md5={quoteattr(key)}>{_base64(value)}</SharedString>"
        yield "</SharedStrings>"


def _element(name: str, prop: Property, names: _Names) -> str:
    kind, value = prop
    if kind is T.REF:
        tag, inner = kind.value, names.referent(value)
    elif kind is T.SHARED_STRING:
        tag, inner = kind.value, names.share(value)
    elif kind is T.CONTENT:
        tag, inner = kind.value, _content(value, names)
    elif kind is T.OPAQUE:
        tag, inner = _opaque(name, value)
    elif kind in TEXTS:
        tag, inner = _string(kind, value)
    else:
        tag, inner = kind.value, WRITERS[kind](value)
    return f"<{tag} name={quoteattr(name)}>{inner}</{tag}>"


def _escaped(text: str) -> str:
    return escape(text, CARRIAGE_RETURN)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _string(kind: ValueType, value: bytes) -> tuple[str, str]:
    """Bytes that XML has no characters for become a BinaryString."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return T.BINARY_STRING.value, _base64(value)
    if FOREIGN.search(text):
        return T.BINARY_STRING.value, _base64(value)
    if kind is T.CONTENT_ID:
        return kind.value, f"<url>{_escaped(text)}</url>" if text else "<null></null>"
    plain = kind is T.PROTECTED_STRING and "]]>" not in text and "\r" not in text
    return kind.value, f"<![CDATA[{text}]]>" if plain else _escaped(text)


def _opaque(name: str, value: Opaque) -> tuple[str, str]:
    if value.kind.startswith("0x"):
        raise Unwritable(f"{name} is of the unknown binary type {value.kind}")
    return value.kind, value.raw.decode()


def _content(value: Content, names: _Names) -> str:
    if value.uri is not None:
        return f"<uri>{_escaped(value.uri.decode('utf-8', 'replace'))}</uri>"
    if value.target is not None:
        return f"<Ref>{names.referent(value.target)}</Ref>"
    return "<null></null>"


def _parts(*tags: str) -> Callable[[Any], str]:
    """Floats, each in an element of its own."""
    return lambda value: "".join(
        f"<{tag}>{write_single(part)}</{tag}>" for tag, part in zip(tags, value, strict=False)
    )


def _integers(*tags: str) -> Callable[[Any], str]:
    return lambda value: "".join(
        f"<{tag}>{part}</{tag}>" for tag, part in zip(tags, value, strict=True)
    )


_XYZ = _parts("X", "Y", "Z")
_XY = _parts("X", "Y")


def _cframe(value: CFrame) -> str:
    return _XYZ(value.position) + _parts(*ROTATION_PARTS)(value.rotation)


def _row(value: Any) -> str:
    return " ".join(map(write_single, value))


def _physics(value: Any) -> str:
    if value is None:
        return "<CustomPhysics>false</CustomPhysics>"
    parts = _parts(*PHYSICS_PARTS)(value[:5])
    if value.acoustic_absorption is not None:
        parts += _parts("AcousticAbsorption")(value[5:])
    return f"<CustomPhysics>true</CustomPhysics>{parts}"


def _unique_id(value: UniqueId) -> str:
    return f"{value.random & WORD64:016x}{value.time:08x}{value.number:08x}"


def _font(value: Font) -> str:
    def address(tag: str, uri: bytes) -> str:
        return f"<{tag}><url>{_escaped(uri.decode('utf-8', 'replace'))}</url></{tag}>"

    style = STYLES.get(value.style, str(value.style))
    cached = address("CachedFaceId", value.cached_face) if value.cached_face else ""
    middle = f"<Weight>{value.weight}</Weight><Style>{style}</Style>"
    return address("Family", value.family) + middle + cached


def _udim2(value: Any) -> str:
    return (
        f"<XS>{write_single(value.x_scale)}</XS><XO>{value.x_offset}</XO>"
        f"<YS>{write_single(value.y_scale)}</YS><YO>{value.y_offset}</YO>"
    )


TEXTS = frozenset({T.STRING, T.PROTECTED_STRING, T.CONTENT_ID})
WRITERS: dict[ValueType, Callable[[Any], str]] = {
    T.BINARY_STRING: _base64,
    T.BYTECODE: _base64,
    T.BOOL: lambda value: "true" if value else "false",
    **dict.fromkeys((T.INT32, T.INT64, T.ENUM, T.BRICK_COLOR, T.SECURITY_CAPABILITIES), str),
    T.FLOAT32: write_single,
    T.FLOAT64: write_double,
    T.FACES: lambda value: f"<faces>{value}</faces>",
    T.AXES: lambda value: f"<axes>{value}</axes>",
    T.UDIM: lambda value: f"<S>{write_single(value.scale)}</S><O>{value.offset}</O>",
    T.UDIM2: _udim2,
    T.RAY: lambda v: f"<origin>{_XYZ(v[0])}</origin><direction>{_XYZ(v[1])}</direction>",
    T.COLOR3: _parts("R", "G", "B"),
    T.COLOR3_UINT8: lambda value: str(0xFF000000 | value.r << 16 | value.g << 8 | value.b),
    T.VECTOR2: _XY,
    T.VECTOR3: _XYZ,
    T.VECTOR3_INT16: _integers("X", "Y", "Z"),
    T.CFRAME: _cframe,
    T.OPTIONAL_CFRAME: lambda v: "" if v is None else f"<CFrame>{_cframe(v)}</CFrame>",
    T.NUMBER_SEQUENCE: lambda value: _row(chain(*value)),
    T.COLOR_SEQUENCE: lambda value: _row(chain(*value)),
    T.NUMBER_RANGE: _row,
    T.RECT: lambda value: f"<min>{_XY(value.low)}</min><max>{_XY(value.high)}</max>",
    T.PHYSICAL_PROPERTIES: _physics,
    T.UNIQUE_ID: _unique_id,
    T.FONT: _font,
}
