"""Small files that ask for a great deal."""

from __future__ import annotations

import struct
from collections.abc import Callable

import zstandard

from apps.roblox.files.binary.chunks import FRAME, HEADER, MAGIC
from apps.roblox.files.binary.fixed import pack_referents
from apps.roblox.files.binary.variable import put_string
from tests.unit.roblox.files.material import END, binary, frame, item, xml

MANY = 400_000


def many_members() -> bytes:
    head = struct.pack("<I", 0) + put_string(b"Part") + b"\0" + struct.pack("<I", MANY)
    return frame(b"INST", head + pack_referents(range(MANY)), pack=True)


def many_parents(above: list[int]) -> bytes:
    numbers = list(range(len(above)))
    head = struct.pack("<BI", 0, len(above))
    return frame(b"PRNT", head + pack_referents(numbers) + pack_referents(above), pack=True)


def property_of_many(name: bytes, tag: int, values: bytes) -> bytes:
    head = struct.pack("<I", 0) + put_string(name) + bytes([tag])
    return frame(b"PROP", head + values, pack=True)


def crowd(*columns: bytes) -> bytes:
    return binary(many_members(), *columns, many_parents([-1] * MANY), instances=MANY)


def long_names() -> bytes:
    return crowd(property_of_many(b"Name", 1, put_string(b"n" * 90) * MANY))


def wide_columns() -> bytes:
    frames = b"\x02" * MANY + bytes(12 * MANY)
    return crowd(*(property_of_many(b"C%d" % n, 0x10, frames) for n in range(12)))


def long_strings() -> bytes:
    values = put_string(b"rbxassetid:/" * 8) * MANY
    return crowd(*(property_of_many(b"S%d" % n, 1, values) for n in range(3)))


def zstd_of_zeros() -> bytes:
    packed = zstandard.ZstdCompressor().compress(bytes(48 << 20))
    return binary(*[FRAME.pack(b"META", len(packed), 48 << 20) + packed] * 40)


def columns_without_end() -> bytes:
    cells = b"".join(
        frame(b"PROP", struct.pack("<I", 0) + put_string(b"%06d" % n) + b"\x02\0")
        for n in range(300_000)
    )
    one = frame(b"INST", bytes(4) + put_string(b"F") + b"\0\x01\0\0\0" + bytes(4))
    return HEADER.pack(MAGIC, 0, 1, 1) + one + cells + many_parents([-1]) + END


def keypoints() -> bytes:
    sequence = struct.pack("<I", 4_000_000) + bytes(48_000_000)
    one = frame(b"INST", bytes(4) + put_string(b"F") + b"\0\x01\0\0\0" + bytes(4))
    return binary(one, property_of_many(b"S", 0x15, sequence), many_parents([-1]))


def empty_items() -> bytes:
    return xml('<Item class="F"/>' * MANY)


def one_long_text() -> bytes:
    return xml(item('<string name="A">' + "&lt;" * 10_000_000 + "</string>"))


def attributes_without_end() -> bytes:
    return xml("<Item " + " ".join(f'a{n}="b"' for n in range(1_000_000)) + "/>")


def parts_of_a_property() -> bytes:
    return xml(item('<string name="A">' + "<a/>" * 3_000_000 + "</string>"))


BOMBS: dict[str, Callable[[], bytes]] = {
    "names.rbxm": long_names,
    "wide.rbxm": wide_columns,
    "strings.rbxm": long_strings,
    "zstd.rbxm": zstd_of_zeros,
    "columns.rbxm": columns_without_end,
    "keypoints.rbxm": keypoints,
    "items.rbxmx": empty_items,
    "text.rbxmx": one_long_text,
    "attributes.rbxmx": attributes_without_end,
    "parts.rbxmx": parts_of_a_property,
}
