"""A page that needs a fresh proof of who it is asks for it, and goes on where it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.core.exceptions import ReauthenticationRequired
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts import social_adapter
from apps.accounts.errors import StepUpRequired
from apps.accounts.social_circuits import SignInUnanswered
from apps.core import encryption, problems

HELD = "step_up_held"
CONTEXT = "session/step_up_held"
JSON = "/_allauth/"
SAFE = ("GET", "HEAD", "OPTIONS")
PAGES = "/accounts/"
METHODS = (*SAFE, "POST")
PHONES = re.compile(r"/_allauth/\w+/v1/(account|auth)/phone\b")


class LookedAfterMiddleware:
    """Somebody without an e-mail, a pupil, has no account settings: teachers look after that. Of
    the account's pages there is only signing out. Nobody gets at what the product has not.
    """

    SETTINGS = ("/accounts/", "/_allauth/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if PHONES.match(request.path):  # allauth's own would fail: no adapter knows a telephone
            raise Http404
        if request.path.startswith(PAGES) and request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)  # allauth's forms would take PUT for POST
        if (
            request.path.startswith(self.SETTINGS)
            and request.path != reverse("account_logout")
            and request.user.is_authenticated
            and not request.user.is_reachable
        ):
            return HttpResponseRedirect("/")
        return self.get_response(request)


class UnansweredMiddleware:
    """An issuer that does not answer when its button is pressed gets a page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SignInUnanswered):
            return None
        return social_adapter.unanswered(request, error)


class StepUpMiddleware:
    """Turns `StepUpRequired`, and allauth's own wish for it, into a visit to the page that asks
    who it is. What was being sent is kept, encrypted, and offered to be sent afterwards.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, StepUpRequired | ReauthenticationRequired):
            return None
        if request.path.startswith(JSON):
            return problems.document(StepUpRequired(), request)
        # An operator who is in as somebody has nothing to confirm with and reads why.
        is_own = getattr(request.user, "impersonated_by", None) is None
        return ask(request) if request.user.is_authenticated and is_own else None


def ask(request: HttpRequest) -> HttpResponse:
    """To the page that asks who it is, and back."""
    back = request.get_full_path() if request.method in SAFE else _page_before(request)
    if request.method not in SAFE:
        _hold(request, back)
    address = f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)


def held(request: HttpRequest) -> dict[str, Any] | None:
    """What was being sent: `path`, `fields` (pairs) and `back`, the page it was sent from."""
    sealed = request.session.get(HELD)
    return json.loads(encryption.decrypt(sealed, context=CONTEXT)) if sealed else None


def let_go(request: HttpRequest) -> None:
    request.session.pop(HELD, None)


def _hold(request: HttpRequest, back: str) -> None:
    """Files are too large for a session: their form is filled in again."""
    if request.FILES or request.content_type not in {
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    }:
        let_go(request)
        return
    pairs = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    kept = {"path": request.get_full_path(), "fields": pairs, "back": back}
    request.session[HELD] = encryption.encrypt(json.dumps(kept), context=CONTEXT)


def _page_before(request: HttpRequest) -> str:
    """The page a form was on, if it is one of this host."""
    named = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    parts = urlsplit(named)
    if parts.netloc != request.get_host() or not parts.path:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
