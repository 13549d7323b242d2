"""JSON as the API takes it: bounded, and meaning one thing to everybody (RFC 8259, RFC 7493)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from apps.rest.errors import BodyTooLarge
from apps.rest.input_errors import InputError, InputRefused, Path, in_body

LARGEST: Final = 1024 * 1024
DEEPEST: Final = 20
MOST_MEMBERS: Final = 10_000


class _Object(dict[str, Any]):
    """An object that remembers which of its names came twice."""

    repeated: tuple[str, ...] = ()


class StrictJSONParser(BaseParser):
    """Raises `ParseError` for what is no JSON, `BodyTooLarge`, and `InputRefused` with every place
    for JSON that is too deep, of too many parts, ambiguous (a name twice) or not storable (NUL,
    half a surrogate pair).
    """

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 -- the signature is DRF's
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        body = stream.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise BodyTooLarge("JSON may have 1 MB at most. Send less at once.")
        value = loads(body)
        if found := list(_wrong(value)):
            raise InputRefused(found)
        return value


def loads(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise ParseError("The body is not JSON: it is not UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ParseError(f"The body is not JSON: {error.msg} at {place}.") from None
    except RecursionError:
        raise InputRefused([_too_deep(())]) from None
    except ValueError as error:  # a number of more digits than Python reads
        raise ParseError(f"The body is not JSON that can be read: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        found.repeated = tuple(name for name in found if names.count(name) > 1)
    return found


def _no_number(word: str) -> NoReturn:
    raise ParseError(f"The body is not JSON: {word} is no JSON number.")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ParseError(f"The body has a number that is too large: {digits[:30]}.")
    return value


def _wrong(value: Any) -> Iterator[InputError]:
    waiting: list[tuple[Path, Any]] = [((), value)]
    members = 0
    while waiting:
        path, node = waiting.pop()
        if isinstance(node, str):
            yield from _text(path, node)
            continue
        if not isinstance(node, dict | list):
            continue
        members += len(node)
        if members > MOST_MEMBERS:
            text = f"There are more than {MOST_MEMBERS} members and items in this body."
            yield in_body((), "too_many_members", text)
            return
        if len(path) >= DEEPEST:
            yield _too_deep(path[:DEEPEST])
            continue
        if isinstance(node, _Object):
            yield from _names(path, node)
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        waiting += [((*path, name), inner) for name, inner in pairs]


def _names(path: Path, node: _Object) -> Iterator[InputError]:
    for name in node.repeated:
        yield in_body((*path, name), "duplicate_member", "This name stands here more than once.")
    for name in node:
        yield from _text((*path, name), name)


def _text(path: Path, text: str) -> Iterator[InputError]:
    if "\x00" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)):
        place = tuple(str(part).encode("ascii", "backslashreplace").decode() for part in path)
        yield in_body(
            place,
            "unstorable_characters",
            "This holds a NUL or half a character, which no text has.",
        )


def _too_deep(path: Path) -> InputError:
    return in_body(path, "too_deep", f"Objects and lists go at most {DEEPEST} levels deep.")
