"""Every API refusal as a problem document (RFC 9457)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.errors import DomainError, NotFound
from apps.core.problems import API, MEDIA_TYPE, address, document
from apps.gateway import catalogue


class InternalError(DomainError):
    code = "internal_error"
    status = 500
    title = "Something went wrong on our side"


@csrf_exempt
def absent(request: HttpRequest) -> HttpResponse:
    """The view of every address below `/api/` that leads nowhere. A POST without the slash ends
    here too: redirected, it would arrive as a GET.
    """
    text = "The API has nothing at this address. Its addresses end with a slash."
    return document(NotFound(text), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: a problem below `/api/`, a page elsewhere."""
    if not request.path.startswith(API):
        return defaults.server_error(request)
    text = "It has been recorded. What you sent may not have been saved: look before you repeat it."
    return document(InternalError(text), request)


def render_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: None for what is not ours, which becomes a reported 500."""
    problem = _problem(error)
    if problem is None:
        return None
    headers = {}
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(round(wait))
    if isinstance(error, DomainError) and (wait := getattr(error, "retry_after", None)):
        headers["Retry-After"] = str(round(wait))
    problem = {"type": address(problem["code"]), **problem}
    problem["instance"] = context["request"].path
    return Response(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def _problem(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, DomainError):
        return error.as_problem()
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        return {
            "code": "invalid",
            "status": 422,
            "title": "Some of the input is not valid",
            "detail": "See errors for what to change.",
            "errors": error.detail,
        }
    return {
        "code": getattr(error.detail, "code", error.default_code),
        "status": error.status_code,
        "title": catalogue.title_of(type(error)),
        "detail": str(error.detail),
    }
