"""The error family every app builds on.

A `DomainError` is something the caller can act on; one handler turns it into an
RFC 9457 problem response for programs and into a message for people.
"""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a stable `code`, an HTTP `status` and a sentence that says what to do.

    `extra` holds JSON-ready members added to the problem document (RFC 9457 section 3.2).
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra

    def as_problem(self) -> dict[str, Any]:
        """The members of a problem document, without `type` and `instance`."""
        return {
            "code": self.code,
            "status": self.status,
            "title": self.title,
            "detail": self.detail,
            **self.extra,
        }


class WorkspaceMissing(DomainError):
    """A mistake of ours, not of the caller: code asked for a workspace's rows outside of any."""

    code = "workspace_missing"
    status = 500
    title = "This was asked for outside of any workspace"


class NotFound(DomainError):
    code = "not_found"
    status = 404
    title = "Not found"


class NotAllowed(DomainError):
    code = "not_allowed"
    status = 403
    title = "You are not allowed to do this"


class Conflict(DomainError):
    code = "conflict"
    status = 409
    title = "This conflicts with the present state"


class Invalid(DomainError):
    """Input that breaks a rule. `errors` maps a field name to its messages."""

    code = "invalid"
    status = 422
    title = "Some of the input is not valid"

    def __init__(self, detail: str = "", *, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(detail, **({"errors": errors} if errors else {}))
        self.errors = errors or {}


class VendorError(DomainError):
    """A failure at an outside service.

    `permanent` tells the retry policy whether trying again can help; `retry_after` is
    the vendor's own wish in seconds, when it gave one.
    """

    code = "vendor_error"
    status = 502
    title = "An outside service could not do its part"

    def __init__(
        self,
        detail: str = "",
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail, **extra)
        self.permanent = permanent
        self.retry_after = retry_after
