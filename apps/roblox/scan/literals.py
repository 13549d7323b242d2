"""Luau's literals (luau.org, "Syntax"): strings with escapes, numbers with bases."""

from __future__ import annotations

import re

ESCAPE = re.compile(
    rb"\\(?:(\d{1,3})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,8})\}|z\s*|(\r\n|[\x00-\xff]))"
)
NAMED = {
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"\r\n": b"\n",
    b"\r": b"\n",
}
LARGEST_BYTE, LARGEST_CODE_POINT = 255, 0x10FFFF
LONGEST_NUMBER = 80
WHITESPACE = b" \t\r\n\v\f"


def unescape(raw: bytes) -> bytes:
    """The bytes a quoted literal stands for, without its quotes."""
    return ESCAPE.sub(_replacement, raw) if b"\\" in raw else raw


def _replacement(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, point, other = match.groups()
    if decimal is not None:
        return bytes([min(int(decimal), LARGEST_BYTE)])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if point is not None:
        return chr(min(int(point, 16), LARGEST_CODE_POINT)).encode("utf-8", "replace")
    return b"" if other is None else NAMED.get(other, other)


def number(raw: bytes) -> float | None:
    """The value of a numeral (decimal, 0x, 0b, underscores), None when it is none."""
    text = raw.replace(b"_", b"").lower()
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        if text.startswith((b"0x", b"0b")):
            return float(int(text, 0))
        return float(text)
    except ValueError:
        return None


def to_number(raw: bytes, base: int | None = None) -> float | None:
    """What Luau's `tonumber` answers for a string."""
    text = raw.strip(WHITESPACE)
    if base is None:
        sign, digits = (-1, text[1:]) if text.startswith(b"-") else (1, text)
        value = None if b"_" in digits else number(digits)
        return None if value is None else sign * value
    try:
        return float(int(text, base)) if len(text) <= LONGEST_NUMBER else None
    except ValueError:
        return None
