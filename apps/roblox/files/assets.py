"""Asset ids inside property values."""

from __future__ import annotations

import re

from .values import STRINGS, Content, Font, Property, ValueType, text

REFERENCE = re.compile(
    rb"rbxassetid://\s{0,8}(\d{1,19})"
    rb"|https?://(?:[a-z]{1,20}\.)?roblox\.com/+asset/?\?(?:[\w=%.-]{1,100}&){0,8}id=\s{0,8}(\d{1,19})"
    rb"|rbxthumb://type=Asset&id=(\d{1,19})",
    re.IGNORECASE,
)
LARGEST_ID = (1 << 63) - 1


def interpret(match: re.Match[bytes]) -> tuple[int, str] | None:
    """Asset id and reference as written; None for numbers that no asset can have."""
    asset_id = int(next(group for group in match.groups() if group))
    return (asset_id, text(match.group())) if 0 < asset_id <= LARGEST_ID else None


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
