r"""One row of `COPY … TO STDOUT` in text format, taken apart and put together again.

Columns are separated by tabs, `\N` is NULL, and backslash, tab, line feed and other control
characters are escaped: https://www.postgresql.org/docs/18/sql-copy.html#id-1.9.3.55.9.2
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NULL = b"\\N"
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_SPECIAL = re.compile(rb"[\\\b\f\n\r\t\v]")
_MEANING = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_LETTER = {meaning: b"\\" + letter for letter, meaning in _MEANING.items()} | {b"\\": b"\\\\"}


def parse(line: bytes) -> list[str | None]:
    """The values of a line without its line feed; None is NULL."""
    return [None if raw == NULL else _unescape(raw).decode() for raw in line.split(b"\t")]


def render(values: Sequence[str | None]) -> bytes:
    """The line, without a line feed, that `parse` turns into `values`."""
    return b"\t".join(NULL if value is None else _escape(value.encode()) for value in values)


def _unescape(raw: bytes) -> bytes:
    if b"\\" not in raw:
        return raw
    return _ESCAPED.sub(lambda found: _MEANING.get(found[1], found[1]), raw)


def _escape(raw: bytes) -> bytes:
    return _SPECIAL.sub(lambda found: _LETTER[found[0]], raw)
