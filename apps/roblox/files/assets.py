"""Asset ids inside property values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .values import STRINGS, Content, Font, Property, ValueType, text

REFERENCE = re.compile(
    rb"rbxassetid://\s{0,8}(\d{1,19})"
    rb"|https?://(?:[a-z]{1,20}\.)?roblox\.com/+asset/?\?(?:[\w=%.-]{1,100}&){0,8}id=\s{0,8}(\d{1,19})"
    rb"|rbxthumb://type=Asset&id=(\d{1,19})",
    re.IGNORECASE,
)
LARGEST_ID = (1 << 63) - 1


def find(prop: Property) -> Iterator[tuple[int, str]]:
    """(asset id, reference as written) for every asset the value names."""
    for raw in _strings(prop):
        for match in REFERENCE.finditer(raw):
            asset_id = int(next(group for group in match.groups() if group))
            if 0 < asset_id <= LARGEST_ID:
                yield asset_id, text(match.group())


def _strings(prop: Property) -> Iterator[bytes]:
    if prop.type in STRINGS:
        yield prop.value
    elif prop.type is ValueType.CONTENT:
        content: Content = prop.value
        yield content.uri or b""
    elif prop.type is ValueType.FONT:
        font: Font = prop.value
        yield font.family
