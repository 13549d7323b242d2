"""Numbers and strings as the XML format writes them."""

from __future__ import annotations

import base64
import math
import re
import struct

SINGLE = struct.Struct("<f")
# Old versions of Roblox Studio printed what the C library printed.
INFINITE = re.compile(r"^\s*([+-]?)(?:inf(?:inity)?|1\.#inf)\s*$", re.IGNORECASE)
NOT_A_NUMBER = re.compile(r"^\s*[+-]?(?:nan(?:\(\w*\))?|1\.#(?:ind|qnan|snan))\s*$", re.IGNORECASE)
# Characters XML 1.0 can hold, section 2.2.
FOREIGN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_NUMBER = 400


def read_double(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("not a number")
    infinite = INFINITE.match(text)
    if infinite:
        return -math.inf if infinite[1] == "-" else math.inf
    return math.nan if NOT_A_NUMBER.match(text) else float(text)


def read_single(text: str) -> float:
    """The value rounded to 32 bits, as Roblox holds it."""
    try:
        value = float(text)
    except ValueError:
        value = read_double(text)
    try:
        return float(SINGLE.unpack(SINGLE.pack(value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def read_integer(text: str, bits: int) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("not a number")
    value = int(text)
    if not -(1 << bits - 1) <= value < 1 << bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return value


def read_bool(text: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[text.strip().lower()]


def read_base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def write_double(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return repr(value).removesuffix(".0")


def write_single(value: float) -> str:
    """The shortest digits that make the same single again."""
    if not math.isfinite(value):
        return write_double(value)
    for digits in (6, 7, 8):
        short = f"{value:.{digits}g}"
        if read_single(short) == value:
            return short
    return f"{value:.9g}"
