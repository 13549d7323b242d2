"""What is wrong with a request, each error with its place and a stable code (RFC 9457 section 3).

A place is a JSON pointer in its URI fragment form (RFC 6901 section 6) for the body, a name for
query parameters and headers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from rest_framework.settings import api_settings

from apps.core.errors import Invalid

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class InputError:
    """`where` is the member of the problem document that names the place."""

    where: Literal["pointer", "parameter", "header"]
    place: str
    code: str
    detail: str

    def as_member(self) -> dict[str, str]:
        return {self.where: self.place, "code": self.code, "detail": self.detail}


class InputRefused(Invalid):
    """A field, query parameter or header is missing, unknown, of the wrong type or out of range."""

    def __init__(self, found: Iterable[InputError]) -> None:
        super().__init__("See errors for what to change.")
        self.found = tuple(dict.fromkeys(found))


def pointer(path: Path) -> str:
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{quote(part, safe='~')}" for part in escaped)


def in_body(path: Path, code: str, detail: str) -> InputError:
    return InputError("pointer", pointer(path), code, detail)


def in_query(name: str, code: str, detail: str) -> InputError:
    return InputError("parameter", name, code, detail)


def in_header(name: str, code: str, detail: str) -> InputError:
    return InputError("header", name, code, detail)


def of_serializer(detail: Any, path: Path = ()) -> Iterator[InputError]:
    """The errors of a serializer or of DRF's `ValidationError.detail`, whatever their nesting."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = name == api_settings.NON_FIELD_ERRORS_KEY
            yield from of_serializer(inner, path if own else (*path, name))
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from of_serializer(inner, (*path, number) if nested else path)
    else:
        yield in_body(path, getattr(detail, "code", None) or "invalid", str(detail))


def of_query(errors: Mapping[str, Any]) -> Iterator[InputError]:
    """The errors of a serializer or a Django form over the query."""
    for name, messages in errors.items():
        for message in messages:
            code = getattr(message, "code", None) or "invalid"
            for text in getattr(message, "messages", [message]):
                yield in_query(name, code, str(text))


def of_domain(error: Invalid) -> Iterator[InputError]:
    """A domain's own map: `terms.0.starts` names the place in the body."""
    for name, messages in error.errors.items():
        path = tuple(part for part in name.split(".") if part and part != "__all__")
        for message in messages:
            yield in_body(path, getattr(message, "code", None) or "invalid", str(message))
