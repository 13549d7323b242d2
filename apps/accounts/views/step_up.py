"""Confirming that it is still the same person, and going on."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from apps.accounts import middleware, passkeys
from apps.accounts.services import step_up
from apps.accounts.step_up_forms import CodeForm, MailedCodeForm, PasskeyForm, PasswordForm

FORMS: dict[str, type[forms.Form]] = {
    "password": PasswordForm,
    "code": CodeForm,
    "credential": PasskeyForm,
    "mailed_code": MailedCodeForm,
}


@never_cache
@login_required
def confirm(request: HttpRequest) -> HttpResponse:
    """`next` is where to go on; a form that was being sent is shown with a button that sends it."""
    if request.method != "POST":
        return _page(request)
    way = next((name for name in ("mail", *FORMS) if name in request.POST), "")
    if way not in {*_ways(request), "mail"}:
        return _page(request)
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        return _page(request, refused=True)
    return _mail(request) if way == "mail" else _try(request, way)


def _mail(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if step_up.needs_mail(user):
        step_up.send_code(request, user)
    return _page(request)


def _try(request: HttpRequest, way: str) -> HttpResponse:
    form = FORMS[way](request.POST, user=request.user)  # type: ignore[call-arg]
    if not form.is_valid():
        return _page(request, tried={way: form})
    form.save()  # type: ignore[attr-defined]
    return _go_on(request)


def _go_on(request: HttpRequest) -> HttpResponse:
    held = middleware.held(request)
    middleware.let_go(request)
    if held is None:
        return redirect(_onward(request))
    return render(request, "account/step_up_resume.html", {"held": held})


def _ways(request: HttpRequest) -> list[str]:
    user: Any = request.user
    held = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    ways = ["password"] if user.has_usable_password() else []
    if held & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}:
        ways.append("code")
    if Authenticator.Type.WEBAUTHN in held and passkeys.work_here(request):
        ways.append("credential")
    return ways or ["mailed_code"]


def _page(
    request: HttpRequest, *, tried: dict[str, forms.Form] | None = None, refused: bool = False
) -> HttpResponse:
    ways = _ways(request)
    shown = {way: FORMS[way](user=request.user) for way in ways} | (tried or {})  # type: ignore[call-arg]
    context = {
        "ways": shown,
        "next": _onward(request),
        "refused": refused,
        "code_is_out": step_up.code_is_out(request),
    }
    if "credential" in shown:
        context["request_options"] = begin_authentication(request.user)
    status = 429 if refused else 422 if tried else 200
    return render(request, "account/reauthenticate.html", context, status=status)


def _onward(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else "/"
