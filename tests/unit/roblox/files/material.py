"""Files to read in tests: found real ones, small hand-made ones, and damaged ones."""

from __future__ import annotations

import struct
from pathlib import Path

import lz4.block

from apps.roblox.files import Document, Instance, Property, ValueType, read, write
from apps.roblox.files.binary.chunks import CLOSING, FRAME, HEADER, MAGIC
from apps.roblox.files.binary.fixed import pack_referents
from apps.roblox.files.binary.variable import put_string
from apps.roblox.files.demo import build_demo_place

FOUND = sorted(
    path
    for path in (Path(__file__).parents[5] / "shared/roblox/samples").glob("*")
    if path.suffix.startswith(".rbx")
)
END = FRAME.pack(b"END\0", 0, len(CLOSING)) + CLOSING
EXTENSIONS = {
    ("place", "binary"): ".rbxl",
    ("place", "xml"): ".rbxlx",
    ("model", "binary"): ".rbxm",
    ("model", "xml"): ".rbxmx",
}


def own_files() -> dict[str, bytes]:
    """Name → bytes: places and models of this project's writer, in every form."""
    place, model = build_demo_place("1.1.0"), small_model()
    document = Document("model", "binary", [model])
    return {
        "demo.rbxl": place,
        "raw.rbxm": write(document, compression="none"),
        "zstd.rbxm": write(document, compression="zstd"),
        "model.rbxmx": write(document, form="xml"),
    }


def small_model() -> Instance:
    source = Property(ValueType.PROTECTED_STRING, b'print("hello")\n')
    shared = Property(ValueType.SHARED_STRING, b"mesh" * 8)
    script = Instance("Script", "Greeter", {"Source": source})
    part = Instance("Part", "Box", {"Anchored": Property(ValueType.BOOL, True), "Mesh": shared})
    link = Property(ValueType.REF, part)
    return Instance("Model", "Crate", {"PrimaryPart": link}).add(part.add(script))


def frame(name: bytes, raw: bytes, *, pack: bool = False) -> bytes:
    packed = lz4.block.compress(raw, store_size=False) if pack else b""
    return FRAME.pack(name, len(packed), len(raw)) + (packed or raw)


def members(number: int, class_name: bytes, referents: list[int]) -> bytes:
    head = struct.pack("<I", number) + put_string(class_name) + b"\0"
    return frame(b"INST", head + struct.pack("<I", len(referents)) + pack_referents(referents))


def column(number: int, name: bytes, tag: int, values: bytes) -> bytes:
    return frame(b"PROP", struct.pack("<I", number) + put_string(name) + bytes([tag]) + values)


def parents(pairs: list[tuple[int, int]]) -> bytes:
    children, above = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    head = struct.pack("<BI", 0, len(pairs))
    return frame(b"PRNT", head + pack_referents(children) + pack_referents(above))


def binary(*chunks: bytes, classes: int = 1, instances: int = 1) -> bytes:
    return HEADER.pack(MAGIC, 0, classes, instances) + b"".join(chunks) + END


def folders(*pairs: tuple[int, int]) -> bytes:
    """A model of folders: (child, parent) by number, -1 for the roots."""
    numbers = [child for child, _ in pairs]
    return binary(members(0, b"Folder", numbers), parents(list(pairs)), instances=len(pairs))


def xml(items: str) -> bytes:
    return f'<roblox version="4">{items}</roblox>'.encode()


def item(properties: str, children: str = "", class_name: str = "Folder") -> str:
    return f'<Item class="{class_name}"><Properties>{properties}</Properties>{children}</Item>'


def samples() -> dict[str, bytes]:
    """Name → bytes: what this project writes, and real files where some lie beside the project."""
    own = own_files()
    own["demo.rbxlx"] = write(read(own["demo.rbxl"], filename="demo.rbxl"), form="xml")
    return own | {path.name: path.read_bytes() for path in FOUND}


SAMPLES = samples()
