"""Every problem code the API may answer with: found in the errors themselves, explained in
`words/problems.toml`.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar

from rest_framework.exceptions import APIException

from apps.core.errors import DomainError, NotFound
from apps.core.problems import address
from apps.rest.problems import title_of

T = TypeVar("T")
WORDS: Final = Path(__file__).with_name("words")
RENAMED: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
PASSING: Final = frozenset({429, 502, 503, 504})
INPUT_EXAMPLE: Final = [
    {"pointer": "#/version", "code": "required", "detail": "This field is required."},
    {"pointer": "#/notez", "code": "unknown_field", "detail": "There is no such field here."},
    {"parameter": "page_size", "code": "invalid", "detail": "Send a whole number from 1 to 200."},
]


@dataclass(frozen=True)
class Entry:
    """One code. `retry`: whether the same request can succeed later, without any change."""

    code: str
    status: int
    title: str
    meaning: str
    remedy: str
    retry: bool

    @property
    def phrase(self) -> str:
        """The status in the words of RFC 9110."""
        return RENAMED.get(self.status) or HTTPStatus(self.status).phrase

    @property
    def document(self) -> dict[str, Any]:
        """A problem document with this code."""
        document: dict[str, Any] = {
            "type": address(self.code),
            "code": self.code,
            "status": self.status,
            "title": self.title,
            "detail": self.remedy.replace("`", ""),
            "instance": "/api/v1/releases/",
        }
        if self.code == "invalid":
            document |= {"detail": "See errors for what to change.", "errors": INPUT_EXAMPLE}
        return document

    @property
    def example(self) -> str:
        """An answer with this code, as it looks on the wire."""
        lines = [
            f"HTTP/1.1 {self.status} {self.phrase}",
            "Content-Type: application/problem+json",
            *(["Retry-After: 30"] if self.status in {429, 503} else []),
        ]
        return "\n".join([*lines, "", json.dumps(self.document, indent=2, ensure_ascii=False)])


def entries() -> list[Entry]:
    """Sorted by code; an error that only groups others by the same code appears once."""
    found = {entry.code: entry for entry in (*_framework(), *_own())}
    return [found[code] for code in sorted(found)]


def search(text: str) -> list[Entry]:
    """The entries in which each word of `text` stands; a number finds a status."""
    words = text.lower().split()
    return [
        entry
        for entry in entries()
        if all(
            word == str(entry.status)
            or word in f"{entry.code} {entry.title} {entry.meaning} {entry.remedy}".lower()
            for word in words
        )
    ]


def find(code: str) -> Entry:
    entry = next((entry for entry in entries() if entry.code == code), None)
    if entry is None:
        raise NotFound("There is no such problem code.")
    return entry


@cache
def input_errors() -> dict[str, str]:
    """What each `code` within the `errors` of an `invalid` problem means."""
    return dict(tomllib.loads((WORDS / "input_errors.toml").read_text()))


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((WORDS / "problems.toml").read_text())


def _own() -> Iterator[Entry]:
    for error in _descendants(DomainError):
        if error.__module__.startswith("apps."):  # the product's own, whoever else is around
            yield _entry(error.code, error.status, error.title, _first_line(error))


def _framework() -> Iterator[Entry]:
    for error in _descendants(APIException):
        if error.__module__.startswith("rest_framework.") and error.default_code != "error":
            yield _entry(error.default_code, error.status_code, title_of(error), "")


def _entry(code: str, status: int, title: str, otherwise: str) -> Entry:
    told = words().get(code, {})
    return Entry(
        code,
        status,
        title,
        meaning=told.get("meaning", otherwise or title),
        remedy=told.get("remedy", "See `detail` in the answer."),
        retry=told.get("retry", status in PASSING),
    )


def _descendants(base: type[T]) -> Iterator[type[T]]:
    for child in base.__subclasses__():
        yield child
        yield from _descendants(child)


def _first_line(error: type[DomainError]) -> str:
    own = error.__dict__.get("__doc__") or ""
    return inspect.cleandoc(own).partition("\n\n")[0]
