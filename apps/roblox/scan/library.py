"""Luau's library functions that hide constants, computed as Luau would."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_, xor

from .literals import to_number
from .values import UNKNOWN, Value

LONGEST = 1 << 16
WORD = 1 << 32
WHOLE = 1e15


def show(value: float) -> bytes:
    """A number as `tostring` prints it."""
    if value == int(value) and abs(value) < WHOLE:
        return b"%d" % value
    return f"{value:.14g}".encode()


def as_text(value: Value) -> bytes:
    """A string, or a number turned into one as Luau does; `TypeError` for anything else."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        return show(value)
    raise TypeError


def as_number(value: Value) -> float:
    if isinstance(value, float):
        return value
    found = to_number(value) if isinstance(value, bytes) else None
    if found is None:
        raise TypeError
    return found


def _index(value: Value) -> int:
    return int(as_number(value))


def _char(*codes: Value) -> bytes:
    return bytes(_index(code) for code in codes)


def _reverse(text: Value) -> bytes:
    return as_text(text)[::-1]


def _rep(text: Value, count: Value, separator: Value = b"") -> bytes:
    piece, times = as_text(text), _index(count)
    if (len(piece) + len(as_text(separator))) * times > LONGEST:
        raise ValueError
    return as_text(separator).join([piece] * max(times, 0))


def _span(size: int, first: Value, last: Value) -> slice:
    start, end = _index(first), _index(last)
    start = max(start + size + 1 if start < 0 else start, 1)
    end = end + size + 1 if end < 0 else min(end, size)
    return slice(start - 1, max(end, 0))


def _sub(text: Value, first: Value, last: Value = -1.0) -> bytes:
    raw = as_text(text)
    return raw[_span(len(raw), first, last)]


def _byte(text: Value, at: Value = 1.0) -> float:
    raw = as_text(text)
    return float(raw[_span(len(raw), at, at)][0])


def _tonumber(value: Value, base: Value | None = None) -> Value:
    if isinstance(value, float) and base is None:
        return value
    found = to_number(as_text(value), None if base is None else _index(base))
    return UNKNOWN if found is None else found


def _gsub(text: Value, pattern: Value, replacement: Value) -> bytes:
    """Only patterns without magic characters."""
    plain = as_text(pattern)
    if not plain or any(char in b"^$()%.[]*+-?" for char in plain) or b"%" in as_text(replacement):
        raise ValueError
    return as_text(text).replace(plain, as_text(replacement))


def _bits(combine: Callable[[int, int], int]) -> Callable[..., float]:
    return lambda *values: float(reduce(combine, (_index(value) % WORD for value in values)))


def _utf8(*points: Value) -> bytes:
    return "".join(chr(_index(point)) for point in points).encode()


STRING_METHODS: dict[str, Callable[..., Value]] = {
    "reverse": _reverse,
    "rep": _rep,
    "sub": _sub,
    "byte": _byte,
    "gsub": _gsub,
    "lower": lambda text: as_text(text).lower(),
    "upper": lambda text: as_text(text).upper(),
    "len": lambda text: float(len(as_text(text))),
}
FUNCTIONS: dict[str, Callable[..., Value]] = {
    **{f"string.{name}": function for name, function in STRING_METHODS.items()},
    "string.char": _char,
    "utf8.char": _utf8,
    "tonumber": _tonumber,
    "tostring": as_text,
    "math.floor": lambda value: float(math.floor(as_number(value))),
    "math.abs": lambda value: abs(as_number(value)),
    "bit32.bxor": _bits(xor),
    "bit32.band": _bits(and_),
    "bit32.bor": _bits(or_),
}
OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: float(a // b),
    "%": lambda a, b: a % b,
    "^": math.pow,
}


def compute(function: Callable[..., Value], arguments: Sequence[Value]) -> Value:
    """The function's answer, or unknown when Luau would raise or the answer grows too large."""
    if any(argument is UNKNOWN for argument in arguments):
        return UNKNOWN
    try:
        found = function(*arguments)
    except (TypeError, ValueError, IndexError, ArithmeticError):
        return UNKNOWN
    return UNKNOWN if isinstance(found, bytes) and len(found) > LONGEST else found
