"""Around every API request: the headers of its limits, and what it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from apps.core.problems import API, document
from apps.gateway import metrics, networks, programs, refusals, tally
from apps.gateway.models import ApiKey, ApiUsage
from apps.gateway.throttling import refusal

UNAUTHORIZED = 401
GetResponse = Callable[[Any], HttpResponse]


class ApiMiddleware:
    """Adds `RateLimit` and `X-Request-Cost` to what was let in or refused by its limits. An
    address that keeps coming without anybody's key or session is answered 429.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if not request.path.startswith(API):
            return self.get_response(request)
        started = time.perf_counter()
        request.admission = None
        is_program = programs.is_one(request)
        response = programs.answer(request) if is_program else self.get_response(request)
        if response.status_code == UNAUTHORIZED:
            response = _count_refusal(request, response)
        if request.admission is not None:
            for name, value in request.admission.headers().items():
                response.headers.setdefault(name, value)
        _record(request, response.status_code, time.perf_counter() - started)
        return response


def _record(request: Any, status: int, seconds: float) -> None:
    endpoint = tally.endpoint_of(request)
    if request.tenant is None or not endpoint:
        return
    known = request.admission
    tally.record(
        schema_name=request.tenant.schema_name,
        caller=_caller_of(request),
        endpoint=endpoint,
        status=status,
        cost=known.cost if known is not None and not known.violated else 0,
        seconds=seconds,
    )


def _caller_of(request: Any) -> str:
    """Whom the API's view has found out to be calling."""
    caller = getattr(request, "user", None)
    if isinstance(caller, ApiKey):
        return str(caller.pk)
    return ApiUsage.PEOPLE if caller is not None and caller.is_authenticated else ApiUsage.NOBODY


def _count_refusal(request: Any, response: HttpResponse) -> HttpResponse:
    metrics.refused("not_authenticated")
    found = refusals.count(networks.address_of(request))
    if found is None:
        return response
    request.admission = found
    return document(refusal(found), request)
