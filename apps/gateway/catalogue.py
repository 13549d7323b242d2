"""Every problem code the API may answer with, read from the errors themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from rest_framework.exceptions import APIException

from apps.core.errors import DomainError, VendorError

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """`worth_retrying`: whether the same request can succeed later; None where it depends."""

    code: str
    status: int
    title: str
    text: str
    worth_retrying: bool | None


def entries() -> list[Entry]:
    """Sorted by code; an error that only groups others by the same code appears once."""
    found = {entry.code: entry for entry in (*_framework(), *_own())}
    return [found[code] for code in sorted(found)]


def title_of(error: type[APIException]) -> str:
    """DRF's own sentence, or the status's name where that sentence has gaps to be filled in."""
    sentence = str(error.default_detail)
    return HTTPStatus(error.status_code).phrase if "{" in sentence else sentence


def _own() -> Iterator[Entry]:
    for error in _descendants(DomainError):
        retry = None if issubclass(error, VendorError) else False
        yield Entry(error.code, error.status, error.title, _first_line(error), retry)


def _framework() -> Iterator[Entry]:
    for error in _descendants(APIException):
        if error.__module__.startswith("rest_framework."):
            retry = error.status_code in {429, 503}
            yield Entry(error.default_code, error.status_code, title_of(error), "", retry)


def _descendants(base: type[T]) -> Iterator[type[T]]:
    for child in base.__subclasses__():
        yield child
        yield from _descendants(child)


def _first_line(error: type[DomainError]) -> str:
    own = error.__dict__.get("__doc__") or ""
    return inspect.cleandoc(own).partition("\n\n")[0].replace("`", "")
