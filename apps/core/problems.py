"""A `DomainError` as a problem document (RFC 9457)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from apps.core.errors import DomainError

MEDIA_TYPE = "application/problem+json"
API = "/api/"


def address(code: str) -> str:
    """Where the problem is explained: the `type` of its document (RFC 9457 section 3.1.1)."""
    return f"{settings.PUBLIC_URL}/docs/problems/{code}/"


def document(error: DomainError, request: HttpRequest) -> JsonResponse:
    problem = {"type": address(error.code), **error.as_problem()}
    problem["instance"] = request.path
    return JsonResponse(problem, status=error.status, content_type=MEDIA_TYPE)
