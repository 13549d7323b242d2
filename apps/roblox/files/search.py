"""What to look for in the strings of a document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .values import STRINGS, Content, Font, Property, ValueType

BLOCK, OVERLAP = 1 << 20, 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pattern, which must match neither an empty string nor a zero byte, and must not lean
    on the ends of a value.

    Every match must contain one of the `literals` (given in lower case) when there are any:
    they let whole columns be passed over at once. `names` limits the properties.
    """

    pattern: re.Pattern[bytes]
    literals: tuple[bytes, ...] = ()
    names: Collection[str] | None = None

    def covers(self, name: str) -> bool:
        return self.names is None or name in self.names

    def may_be_in(self, raw: bytes | bytearray | memoryview) -> bool:
        """A quick look; False is certain."""
        if not self.literals:
            return self.pattern.search(raw) is not None
        return any(literal in block for block in _lowered(raw) for literal in self.literals)


def _lowered(raw: bytes | bytearray | memoryview) -> Iterator[bytes]:
    """Blocks that overlap by more than a literal is long."""
    for start in range(0, len(raw), BLOCK):
        yield bytes(raw[start : start + BLOCK + OVERLAP]).lower()


def searchable(prop: Property) -> bytes:
    """The text of a value that may name an asset, empty for values that have none."""
    if prop.type in STRINGS:
        return bytes(prop.value)
    if prop.type is ValueType.CONTENT:
        content: Content = prop.value
        return content.uri or b""
    if prop.type is ValueType.FONT:
        font: Font = prop.value
        return font.family
    return b""
