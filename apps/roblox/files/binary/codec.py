"""The face every kind of column shows: check the framing, decode, encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from apps.roblox.files.values import ValueType

from .interleave import Buffer
from .links import Links, Numbers


class BadColumnError(ValueError):
    """The bytes of a column do not make the number of values its class has instances."""


class Codec(Protocol):
    """`check` must run before `decode`, which may then trust the framing."""

    type: ValueType

    def check(self, raw: Buffer, count: int, /) -> None: ...

    def decode(self, raw: Buffer, count: int, links: Links, /) -> Sequence[Any]: ...

    def encode(self, values: Sequence[Any], numbers: Numbers, /) -> bytes: ...


def expect(raw: Buffer, size: int) -> None:
    if len(raw) != size:
        raise BadColumnError(f"its values take {len(raw)} bytes where {size} are needed")


def need(raw: Buffer, end: int) -> None:
    if end > len(raw):
        raise BadColumnError(f"its values end {end - len(raw)} bytes after the chunk does")
