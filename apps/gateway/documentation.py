"""Pages about the API: to read (Redoc), to try (Swagger UI), to begin with, on both hosts.

Their scripts and styles come with the product (drf-spectacular-sidecar), never from elsewhere. Both
viewers put styles on elements, which is all that the policy grants them beyond its usual.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

KEPT_SECONDS = 600
REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
# Beside its menu Redoc shows its maker's logo from a server of its maker's, and has no option for
# it. Where the picture is none it leaves it out; the line that names Redoc stays.
REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_PICTURE = "data:,"
_with_styles = csp_replace({"style-src": [SELF, UNSAFE_INLINE]})

document = SpectacularAPIView.as_view()
swagger = _with_styles(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))


@require_safe
@_with_styles  # type: ignore[arg-type]
def redoc(request: Any, /, document_name: str, **where: Any) -> HttpResponse:
    """`document_name` is the URL's name of the document that is shown."""
    if "script" in request.GET:
        return redoc_script(request)
    context = {"document_url": reverse(document_name, kwargs=where)}
    return render(request, "docs/redoc.html", context)


@cache_control(public=True, max_age=KEPT_SECONDS)
def redoc_script(_request: HttpRequest) -> HttpResponse:
    """Redoc, without what it would load from elsewhere."""
    return HttpResponse(_redoc_of_ours(), content_type="text/javascript; charset=utf-8")


@cache
def _redoc_of_ours() -> str:
    found = finders.find(REDOC)
    if not isinstance(found, str):
        raise FileNotFoundError(REDOC)
    return Path(found).read_text(encoding="utf-8").replace(REDOC_LOGO, NO_PICTURE)


@require_safe
def quick_start(request: HttpRequest) -> HttpResponse:
    """From nothing to a release over the API in five minutes."""
    host = settings.PUBLIC_URL.partition("://")
    base = f"{host[0]}://your-workspace.{host[2]}/api/v1"
    return render(request, "docs/quick_start.html", {"base": base})


def public_document() -> Any:
    """The same document, for those who have no workspace yet: its server is any of them."""
    scheme, _, host = settings.PUBLIC_URL.partition("://")
    server = {
        "url": f"{scheme}://{{workspace}}.{host}",
        "variables": {
            "workspace": {"default": "your-workspace", "description": "your workspace's address"}
        },
    }
    view = SpectacularAPIView.as_view(
        urlconf=settings.ROOT_URLCONF,
        api_version=settings.REST_FRAMEWORK["DEFAULT_VERSION"],
        custom_settings={"SERVERS": [server]},
    )
    # Writing it takes a second of a processor, and anybody may ask.
    return cache_page(KEPT_SECONDS)(view)
