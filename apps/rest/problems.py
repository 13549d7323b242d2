"""Every refusal of a view as a problem document (RFC 9457)."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.errors import DomainError, Invalid
from apps.core.problems import MEDIA_TYPE, address
from apps.rest import input_errors
from apps.rest.errors import BodyTooLarge
from apps.rest.input_errors import InputRefused


def render_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: None for what is not ours, which becomes a reported 500."""
    problem = problem_of(error)
    if problem is None:
        return None
    problem["instance"] = context["request"].path
    return Response(
        problem, status=problem["status"], headers=_headers(error), content_type=MEDIA_TYPE
    )


def title_of(error: type[exceptions.APIException]) -> str:
    """DRF's own sentence, or the status's name where that sentence has gaps to be filled in."""
    sentence = str(error.default_detail)
    return HTTPStatus(error.status_code).phrase if "{" in sentence else sentence


def problem_of(error: Exception) -> dict[str, Any] | None:
    """The members of an error's problem document without `instance`; None for what is not ours."""
    problem = _problem(error)
    return None if problem is None else {"type": address(problem["code"]), **problem}


def _headers(error: Exception) -> dict[str, str]:
    headers = dict(getattr(error, "headers", {}))
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None) or getattr(error, "retry_after", None):
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers


def _problem(error: Exception) -> dict[str, Any] | None:
    error = _known(error)
    if isinstance(error, exceptions.ValidationError):
        error = InputRefused(input_errors.of_serializer(error.detail))
    if isinstance(error, Invalid):
        return _invalid(error)
    if isinstance(error, DomainError):
        return error.as_problem()
    if not isinstance(error, exceptions.APIException):
        return None
    return {
        "code": getattr(error.detail, "code", error.default_code),
        "status": error.status_code,
        "title": title_of(type(error)),
        "detail": str(error.detail),
    }


def _invalid(error: Invalid) -> dict[str, Any]:
    """`errors` of the document is a list with places; inside, a domain's is a map by field."""
    found = error.found if isinstance(error, InputRefused) else input_errors.of_domain(error)
    members = [each.as_member() for each in found]
    return {**error.as_problem(), **({"errors": members} if members else {})}


def _known(error: Exception) -> Exception:
    """Django's own refusals as DRF's."""
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge("Send less at once, or a file as multipart/form-data.")
    if isinstance(error, BadRequest | SuspiciousOperation):  # too many fields or files in a form
        return exceptions.ParseError("The body cannot be read. " + str(error))
    return error
