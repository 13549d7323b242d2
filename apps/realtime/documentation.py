"""What the product tells of over its realtime connection, for people and for programs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.realtime import catalogue, history, protocol


@require_safe
def event_catalogue(request: HttpRequest) -> HttpResponse:
    """Every event with its channels, and how to hear and to catch up."""
    context = {
        "events": catalogue.described(), "kept_hours": history.KEPT_FOR.total_seconds() // 3600,
        "limit_kb": protocol.MAX_DATA_BYTES // 1024, "key": settings.PUSHER_KEY,
    }  # fmt: skip
    return render(request, "public/events.html", context)


@require_safe
def asyncapi(_request: HttpRequest) -> HttpResponse:
    document = catalogue.asyncapi(url=settings.PUBLIC_URL)
    return JsonResponse(document, json_dumps_params={"indent": 2})
