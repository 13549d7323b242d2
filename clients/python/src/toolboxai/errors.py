"""What can go wrong: the API refused (`Problem`), or could not be reached (`Unreachable`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """A problem document (RFC 9457). Decide by `code`; `detail` says what to do.

    `errors` holds what is wrong with the input, each with its place; `retry_after` is seconds,
    None where trying again changes nothing.
    """

    def __init__(self, status: int, document: Mapping[str, Any], retry_after: float | None) -> None:
        self.status = status
        self.code = str(document.get("code", "unknown"))
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.errors: list[dict[str, Any]] = list(document.get("errors", ()))
        self.document = dict(document)
        self.retry_after = retry_after
        super().__init__(f"{self.status} {self.code}: {self.detail or self.title}")


class Unreachable(Exception):
    """No answer, after all attempts. What was sent may have arrived: a write can be repeated with
    the same `idempotency_key`.
    """
