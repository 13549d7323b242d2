"""Refusals as RFC 7644 section 3.12 has them."""

from __future__ import annotations

from typing import Any

from apps.core.errors import DomainError, Invalid

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(DomainError):
    """`scim_type` is one of the RFC's keywords, or empty."""

    code = "scim_refused"
    status = 400
    title = "The identity provider's request was refused"

    def __init__(self, detail: str, *, status: int = 400, scim_type: str = "") -> None:
        super().__init__(detail)
        self.status, self.scim_type = status, scim_type  # type: ignore[misc]


def invalid_value(detail: str) -> ScimError:
    return ScimError(detail, scim_type="invalidValue")


def invalid_filter(detail: str) -> ScimError:
    return ScimError(detail, scim_type="invalidFilter")


def invalid_path(detail: str) -> ScimError:
    return ScimError(detail, scim_type="invalidPath")


def taken(detail: str) -> ScimError:
    return ScimError(detail, status=409, scim_type="uniqueness")


def absent(kind: str, resource_id: Any) -> ScimError:
    return ScimError(f"There is no {kind} {resource_id} in this workspace.", status=404)


def stale() -> ScimError:
    return ScimError("The resource has changed since that version.", status=412)


def as_document(error: DomainError) -> dict[str, Any]:
    """The error's body; refusals of other services are told in its shape, too."""
    sentences = [error.detail]
    if isinstance(error, Invalid):
        sentences += [text for texts in error.errors.values() for text in texts]
    body = {"schemas": [ERROR], "status": str(error.status), "detail": " ".join(sentences)}
    kind = getattr(error, "scim_type", "") or ("invalidValue" if isinstance(error, Invalid) else "")
    return {**body, "scimType": kind} if kind else body
