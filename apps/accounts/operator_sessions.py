"""How long an operator's one-time code is good for: a console left open closes by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_otp import match_token

from apps.accounts.models import UserSession
from apps.accounts.services import sessions

STATE = "operator_session"
# Of what a page asks by itself: nobody did something because of it.
UNATTENDED = "X-Unattended"
Ending = UserSession.Ending


class OperatorSessionMiddleware:
    """Signs out, whatever page they are on, who gave a one-time code too long ago
    (`OPERATOR_SESSION_ABSOLUTE`) or has done nothing since (`OPERATOR_SESSION_IDLE`). Stands
    behind django-otp's middleware, which knows who has given one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = _plain(request.user)
        # django-otp's lazy user would go on being this one where allauth's endpoints for programs
        # put the session of a header in this one's place.
        request.user = user
        if user.is_authenticated and user.is_verified():
            ending = _ending(request)
            if ending:
                sessions.end_present(request, ending=ending)
                logout(request)
        return self.get_response(request)


def is_proven(request: HttpRequest) -> bool:
    """Whether the operator gave a one-time code within `STEP_UP_SECONDS`."""
    state = request.session.get(STATE) or {}
    given = state.get("proven") or state.get("opened", 0)
    return bool(time.time() - given < settings.STEP_UP_SECONDS)


def prove(request: HttpRequest, code: str) -> bool:
    """Whether `code` is the operator's present one-time code; then `is_proven` holds anew. Wrong
    ones slow their device down, as at sign-in.
    """
    if match_token(request.user, code) is None:
        return False
    request.session[STATE] = {**request.session.get(STATE, {}), "proven": time.time()}
    return True


def _plain(user: Any) -> Any:
    while isinstance(user, SimpleLazyObject):
        bool(user)  # have it looked up
        user = vars(user)["_wrapped"]
    return user


def begin(request: HttpRequest) -> None:
    """A fresh sign-in starts afresh, whatever the session held."""
    request.session.pop(STATE, None)


def _ending(request: HttpRequest) -> str:
    now = time.time()
    state = request.session.get(STATE) or {"opened": now, "seen": now}
    if now - state["opened"] > settings.OPERATOR_SESSION_ABSOLUTE.total_seconds():
        return Ending.EXPIRED
    if now - state["seen"] > settings.OPERATOR_SESSION_IDLE.total_seconds():
        return Ending.IDLE
    if UNATTENDED in request.headers:
        return ""
    if STATE not in request.session or now - state["seen"] >= settings.SESSION_NOTED_EVERY_SECONDS:
        request.session[STATE] = {**state, "seen": now}
    return ""
