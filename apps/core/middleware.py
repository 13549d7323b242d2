"""Around every request: its time is measured, and a `DomainError` becomes a page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django_http_compression.middleware import HttpCompressionMiddleware

from apps.core import metrics
from apps.core.errors import DomainError


class RequestMetricsMiddleware:
    """Counts each answer and its time under the name of its URL; an unknown address has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        metrics.observe_request(
            route=(match.view_name if match else "") or "none",
            method=request.method or "",
            status=response.status_code,
            seconds=time.perf_counter() - started,
        )
        return response


class CompressionMiddleware(HttpCompressionMiddleware):
    """zstd, brotli or gzip for what is read: pages and API. Not for what is short, nor for what is
    streamed (downloads serve ranges, and their bytes are compressed already). Answers to writes
    stay as they are, so that no secret that is shown once is ever compressed. Against BREACH,
    answers carry noise of random length, and Django masks CSRF tokens anew in each page.
    """

    SHORTEST = 500
    content_type_re = re.compile(
        r"(?:text/(?:html|css|plain|csv|xml|javascript)|image/svg\+xml|"
        r"application/(?:[a-z.]+\+)?json|application/(?:javascript|openapi|yaml|xml|vnd\.oai.*))",
        re.IGNORECASE,
    )

    def maybe_compress(self, request: HttpRequest, response: HttpResponseBase) -> None:
        if response.streaming or request.method not in {"GET", "HEAD"}:
            return
        if len(response.content) >= self.SHORTEST:  # type: ignore[attr-defined]
            super().maybe_compress(request, response)


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp's, with the policy put into words once a process: ours is the same for every
    answer but those that a view has made an exception for or that hold a nonce.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._excluded = tuple(settings.CONTENT_SECURITY_POLICY.get("EXCLUDE_URL_PREFIXES", ()))
        self._policy = build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_special = "_csp_nonce" in vars(request) or any(
            name.startswith("_csp_") for name in vars(response)
        )
        if is_special or settings.DEBUG or hasattr(settings, "CONTENT_SECURITY_POLICY_REPORT_ONLY"):
            return super().process_response(request, response)
        if not request.path_info.startswith(self._excluded):
            response.headers.setdefault(HEADER, self._policy)
        request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        return response


class DomainErrorMiddleware:
    """Renders a `DomainError` that a page view let through; the API has its own renderer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return render(request, "errors/domain.html", {"error": error}, status=error.status)
