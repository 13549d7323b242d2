"""The short way of a program's request, which carries its own proof and no cookie that counts.

What stands around pages (sessions, CSRF, the second step, messages, htmx) has nothing to say about
`Authorization: Bearer`, so a request that brings one goes from its workspace to its view. A session
beside it is not looked at: whoever sends a token is whom the token says, or nobody.
"""

from __future__ import annotations

import uuid
from typing import Any, Final, cast

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpResponse
from django.urls import resolve
from django.utils import timezone, translation

SCHEME: Final = "bearer "

log = structlog.get_logger(__name__)


def is_one(request: Any) -> bool:
    """Whether the request brings a bearer token to a workspace's API."""
    scheme = request.META.get("HTTP_AUTHORIZATION", "")[: len(SCHEME)]
    return request.tenant is not None and scheme.lower() == SCHEME


def answer(request: Any) -> HttpResponse:
    """What the view answers; an error becomes a response as in Django's own handler."""
    request.user, request.membership, request.can = AnonymousUser(), None, frozenset()
    # What the last request on this thread has left.
    translation.activate(settings.LANGUAGE_CODE)
    timezone.deactivate()
    request_id = request.headers.get("X-Request-Id") or str(uuid.uuid4())
    tokens = structlog.contextvars.bind_contextvars(request_id=request_id[:80])
    try:
        response = cast("HttpResponse", _respond(request))
        log.info(
            "api_request", request=f"{request.method} {request.path}", code=response.status_code,
            caller=str(getattr(request.user, "pk", None)),
        )  # fmt: skip
    finally:
        structlog.contextvars.reset_contextvars(**tokens)
    if not response.streaming and not response.has_header("Content-Length"):
        response.headers["Content-Length"] = str(len(response.content))
    return response


def _call(request: Any) -> Any:
    match = resolve(request.path_info, urlconf=request.urlconf)
    request.resolver_match = match
    response = match.func(request, *match.args, **match.kwargs)
    return response.render() if hasattr(response, "render") else response


_respond = convert_exception_to_response(_call)
