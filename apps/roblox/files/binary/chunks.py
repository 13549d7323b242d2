"""Header and chunks: framing and unpacking within the limits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import lz4.block
import zstandard

from apps.roblox.files.limits import MIB, Limits
from apps.roblox.files.refusals import DecompressionBomb, Malformed, TooLarge, Truncated

MAGIC = b"<roblox!\x89\xff\r\n\x1a\n"
HEADER = struct.Struct("<14sHii8x")
FRAME = struct.Struct("<4sII4x")
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CLOSING = b"</roblox>"

# A byte of LZ4 stands for at most 255 bytes of content.
LZ4_LARGEST_RATIO = 255


@dataclass(frozen=True, slots=True)
class Header:
    classes: int
    instances: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """`length` is the unpacked size; `packed` is 0 when the body is stored as it is."""

    number: int
    name: str
    offset: int
    packed: int
    length: int
    body: memoryview

    @property
    def where(self) -> str:
        return f"{self.name} chunk, number {self.number}, at byte {self.offset}"


def read_header(data: bytes) -> Header:
    if len(data) < HEADER.size:
        raise Truncated("The file ends inside its header", where=f"byte {len(data)}")
    magic, version, classes, instances = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Malformed(
            "The first bytes are damaged, as by a transfer in text mode", where="byte 8"
        )
    if version != 0:
        raise Malformed(f"Version {version} of the format is not known", where="byte 14")
    return Header(classes, instances)


def walk(data: bytes) -> Iterator[Chunk]:
    """Chunks up to and including END; `Truncated` when the file stops before it."""
    view = memoryview(data)
    at, number = HEADER.size, 0
    while True:
        chunk = _frame(view, at, number)
        yield chunk
        if chunk.name == "END":
            return
        at = chunk.offset + FRAME.size + len(chunk.body)
        number += 1


def _frame(view: memoryview, at: int, number: int) -> Chunk:
    if at + FRAME.size > len(view):
        raise Truncated(
            f"The file ends where chunk {number} should start", where=f"byte {len(view)}"
        )
    raw, packed, length = FRAME.unpack_from(view, at)
    size = packed or length
    start = at + FRAME.size
    name = raw.rstrip(b"\0").decode("ascii", "backslashreplace")
    chunk = Chunk(number, name, at, packed, length, view[start : start + size])
    if len(chunk.body) < size:
        raise Truncated(f"{size - len(chunk.body)} bytes of a chunk are missing", where=chunk.where)
    return chunk


class Unpacker:
    """Unpacks chunks, refusing before memory is taken."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0

    def admit(self, chunk: Chunk) -> memoryview:
        """The chunk's content, counted against the whole file's."""
        self._check(chunk)
        self.total += chunk.length
        if self.total > self.limits.unpacked:
            raise DecompressionBomb(
                f"The chunks unpack to more than {self.limits.unpacked // MIB} MiB",
                where=chunk.where,
            )
        return unpack(chunk)

    def _check(self, chunk: Chunk) -> None:
        if chunk.length <= self.limits.chunk:
            return
        refusal = DecompressionBomb if chunk.packed else TooLarge
        raise refusal(
            f"A chunk of {chunk.length} bytes is larger than {self.limits.chunk // MIB} MiB",
            where=chunk.where,
        )


def unpack(chunk: Chunk) -> memoryview:
    """The chunk's content, of exactly the announced length."""
    if not chunk.packed:
        return chunk.body
    zstd = bytes(chunk.body[:4]) == ZSTD_MAGIC
    content = _unpack_zstd(chunk) if zstd else _unpack_lz4(chunk)
    if len(content) != chunk.length:
        raise Malformed(
            f"It unpacks to {len(content)} bytes, {chunk.length} were announced", where=chunk.where
        )
    return memoryview(content)


def _unpack_lz4(chunk: Chunk) -> bytes:
    if chunk.length > LZ4_LARGEST_RATIO * chunk.packed:
        raise DecompressionBomb(
            f"{chunk.packed} bytes cannot hold the announced {chunk.length}", where=chunk.where
        )
    try:
        return bytes(lz4.block.decompress(chunk.body, uncompressed_size=chunk.length))
    except lz4.block.LZ4BlockError as error:
        raise Malformed("Its LZ4 block cannot be unpacked", where=chunk.where) from error


def _unpack_zstd(chunk: Chunk) -> bytes:
    try:
        # One-shot decompression trusts the frame's own size for its allocation.
        announced = zstandard.frame_content_size(chunk.body)
        if announced > chunk.length:
            raise DecompressionBomb(
                f"Its frame holds {announced} bytes, {chunk.length} were announced",
                where=chunk.where,
            )
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        return unpacker.decompress(chunk.body, max_output_size=chunk.length)
    except zstandard.ZstdError as error:
        raise Malformed("Its zstd frame cannot be unpacked", where=chunk.where) from error
