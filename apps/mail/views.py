"""The outbox: what the product would have sent, for machines without a mail service."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from apps.mail import outbox
from apps.mail.outbox import Letter

PAGE_SIZE = 25


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    _must_be_open()
    page = Paginator(outbox.names(), PAGE_SIZE).get_page(request.GET.get("page"))
    letters = [letter for name in page if (letter := outbox.read(name))]
    return render(request, "outbox/list.html", {"page": page, "messages_list": letters})


@require_safe
def detail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "outbox/message.html", {"message": _letter(name)})


@require_safe
def raw(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    return HttpResponse(_letter(name).raw, content_type="text/plain; charset=utf-8")


@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]
    {
        "default-src": ["'none'"],
        "style-src": [UNSAFE_INLINE],
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
)
def html(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """The HTML part for a sandboxed frame: no scripts, nothing loaded, links open outside."""
    return HttpResponse('<base target="_blank">' + _letter(name).html)


def _letter(name: str) -> Letter:
    _must_be_open()
    letter = outbox.read(name)
    if letter is None:
        raise Http404("There is no such message in the outbox.")
    return letter


def _must_be_open() -> None:
    if not settings.MAIL_HAS_OUTBOX or settings.TOOLBOXAI_ENV == "production":
        raise Http404("This installation sends its mail.")
