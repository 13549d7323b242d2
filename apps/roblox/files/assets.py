"""Asset ids inside property values."""

from __future__ import annotations

import re

from .search import Wanted
from .values import text

REFERENCE = Wanted(
    re.compile(
        rb"rbxassetid://\s{0,8}(\d{1,19})"
        rb"|https?://(?:[a-z]{1,20}\.)?roblox\.com/+asset/?\?(?:[\w=%.-]{1,100}&){0,8}id=\s{0,8}(\d{1,19})"
        rb"|rbxthumb://type=Asset&id=(\d{1,19})",
        re.IGNORECASE,
    ),
    literals=(b"rbxassetid:", b"roblox.com", b"rbxthumb:"),
)
LARGEST_ID = (1 << 63) - 1


def interpret(match: re.Match[bytes]) -> tuple[int, str] | None:
    """Asset id and reference as written; None for numbers that no asset can have."""
    asset_id = int(next(group for group in match.groups() if group))
    return (asset_id, text(match.group())) if 0 < asset_id <= LARGEST_ID else None
