"""Columns of numbers: bytes stored by significance, integers zigzagged, float signs last.

Whole columns are turned at once: byte lanes by slices, bit tricks on one big integer, so
that no Python loop runs per value.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

Buffer = bytes | bytearray | memoryview

WORD = 4
ONE = b"\x01\x00\x00\x00"
LOW31 = b"\xff\xff\xff\x7f"
ONE64 = b"\x01" + bytes(7)
LOW63 = b"\xff" * 7 + b"\x7f"
SWAPPED = sys.byteorder == "big"


def gather(raw: Buffer, width: int) -> bytearray:
    """Little-endian values of `width` bytes from lanes with the highest byte first."""
    count = len(raw) // width
    out = bytearray(len(raw))
    for lane in range(width):
        out[width - 1 - lane :: width] = raw[lane * count : (lane + 1) * count]
    return out


def scatter(values: Buffer, width: int) -> bytes:
    """The reverse of `gather`."""
    return b"".join(bytes(values[width - 1 - lane :: width]) for lane in range(width))


def _array(code: str, raw: Buffer) -> array[Any]:
    values = array(code)
    values.frombytes(raw)
    if SWAPPED:
        values.byteswap()
    return values


def unsigned(raw: Buffer) -> array[int]:
    return _array("I", gather(raw, 4))


def signed(raw: Buffer, width: int = WORD) -> array[int]:
    """Zigzag integers of 4 or 8 bytes."""
    count = len(raw) // width
    if not count:
        return array("i" if width == WORD else "q")
    one, low = (ONE, LOW31) if width == WORD else (ONE64, LOW63)
    lanes = int.from_bytes(gather(raw, width), "little")
    negative = (lanes & int.from_bytes(one * count, "little")) * ((1 << 8 * width) - 1)
    plain = ((lanes >> 1) & int.from_bytes(low * count, "little")) ^ negative
    return _array("i" if width == WORD else "q", plain.to_bytes(len(raw), "little"))


def floats(raw: Buffer) -> array[float]:
    """Floats whose sign is the lowest bit."""
    count = len(raw) // 4
    if not count:
        return array("f")
    lanes = int.from_bytes(gather(raw, 4), "little")
    sign = (lanes & int.from_bytes(ONE * count, "little")) << 31
    rest = (lanes >> 1) & int.from_bytes(LOW31 * count, "little")
    return _array("f", (rest | sign).to_bytes(len(raw), "little"))


def pack_unsigned(values: Sequence[int]) -> bytes:
    return scatter(struct.pack(f"<{len(values)}I", *values), 4)


def pack_signed(values: Iterable[int], width: int = WORD) -> bytes:
    top = 8 * width - 1
    # Not negative for any value that fits, so that `pack` refuses the others.
    turned = [(value << 1) ^ (value >> top) for value in values]
    return scatter(struct.pack(f"<{len(turned)}{'I' if width == WORD else 'Q'}", *turned), width)


def pack_floats(values: Sequence[float]) -> bytes:
    plain = struct.unpack(f"<{len(values)}I", struct.pack(f"<{len(values)}f", *values))
    turned = [((word << 1) | (word >> 31)) & 0xFFFFFFFF for word in plain]
    return scatter(struct.pack(f"<{len(turned)}I", *turned), 4)
