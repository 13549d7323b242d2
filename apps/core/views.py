from __future__ import annotations

import secrets
from http import HTTPStatus

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from apps.core import metrics as numbers
from apps.core.signals import health_asked

LOOPBACK = frozenset({"127.0.0.1", "::1"})


def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """200 when this process can reach the database; who watches over it hears that it was asked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    health_asked.send(sender=healthz)
    return JsonResponse({"status": "ok"})


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers of `apps.core.metrics`, to whoever has the token (`METRICS_TOKEN`)."""
    if not settings.METRICS_TOKEN:
        _must_be_here(request)
    elif not _has_token(request):
        challenge = {"WWW-Authenticate": 'Bearer realm="metrics"'}
        return HttpResponse("Send METRICS_TOKEN as bearer token.\n", status=HTTPStatus.UNAUTHORIZED,
                            headers=challenge, content_type="text/plain")  # fmt: skip
    return HttpResponse(numbers.render(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given, wanted = token.strip().encode(), settings.METRICS_TOKEN.encode()
    return scheme.lower() == "bearer" and secrets.compare_digest(given, wanted)


def _must_be_here(request: HttpRequest) -> None:
    """Without a token: a program on a developer's own machine, not one behind its proxy."""
    forwarded = "X-Forwarded-For" in request.headers
    here = request.META.get("REMOTE_ADDR") in LOOPBACK and not forwarded
    if settings.TOOLBOXAI_ENV == "production" or not here:
        raise Http404("METRICS_TOKEN is not set, so there are no metrics to be had here.")
