"""The limits of every way in: by address, by account, and for mail by mailbox.

An attempt from a device or address that has opened the account before is counted by itself; all
strangers share one count for an account. Sign-in is closed while nothing can be counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.accounts import known_devices
from apps.core import attempts
from apps.core.attempts import SignInClosed, TooManyAttempts
from apps.core.errors import DomainError

# A whole school signs in from one address, most of them from devices that are known.
ADDRESS = "100/minute;1500/hour"
STRANGERS = "5/5 minute;40/day"
KNOWN = "10/5 minute;200/day"
PERSON = "60/minute;600/hour"
MAILBOX = "4/15 minute;20/day"

PLACES = ("/accounts/", "/_allauth/")
PROGRAMS = "/_allauth/app/"
SAFE = ("GET", "HEAD", "OPTIONS")
# Signing out is always possible.
WAYS_OUT = {"account_logout", "current_session"}
# What has a mail sent to whoever is named.
MAILING = {
    "account_signup", "account_reset_password", "account_request_login_code",
    "signup", "request_password_reset", "request_login_code",
}  # fmt: skip
LARGEST_BODY = 16 * 1024


class SignInThrottleMiddleware:
    """Stands before each attempt on the pages and endpoints of sign-in. Passwords are counted by
    account where they are compared (`apps.accounts.adapter`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        known_devices.keep(request, response)
        return response

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if request.path.startswith(PROGRAMS):
            # A cookie counts for nothing there. allauth finds the person of the token by itself,
            # unless a middleware has wrapped `request.user`, as django-otp does.
            request.user = AnonymousUser()
        if not _is_attempt(request):
            return None
        if _is_no_json(request):
            errors = [{"code": "json_expected", "message": "Send JSON (application/json)."}]
            return JsonResponse({"status": 415, "errors": errors}, status=415)
        try:
            _count(request)
        except (TooManyAttempts, SignInClosed) as refusal:
            return refuse(request, refusal)
        return None


def take_address(request: HttpRequest, email: str) -> None:
    """Count an attempt of somebody who is not known here. Raises as `take_password`."""
    if not (email and known_devices.counted_as(request, email)):
        attempts.take("address", request.META.get("REMOTE_ADDR", ""), ADDRESS)


def take_password(request: HttpRequest, email: str) -> None:
    """Count an attempt at a password. Raises `TooManyAttempts` or `SignInClosed`."""
    attempts.take("password", *_whose(request, email))


def take_mail(request: HttpRequest, email: str) -> None:
    """Count a mail to somebody's mailbox that whoever asks has sent."""
    counted = known_devices.counted_as(request, email)
    attempts.take("mail", f"{email.strip().lower()}:{counted}", MAILBOX)


def password_was_right(request: HttpRequest, email: str) -> None:
    attempts.forget("password", *_whose(request, email))


def refuse(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A refusal in the shape that the asker reads: a page, or allauth's JSON."""
    if request.path.startswith("/_allauth/"):
        error = {"code": refusal.code, "message": refusal.detail}
        body = {"status": refusal.status, "errors": [error]}
        response: HttpResponse = JsonResponse(body, status=refusal.status)
    else:
        context = {"error": refusal}
        response = render(request, "errors/sign_in_refused.html", context, status=refusal.status)
    if isinstance(refusal, TooManyAttempts | SignInClosed):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _is_attempt(request: HttpRequest) -> bool:
    name = _name(request)
    if not request.path.startswith(PLACES) or name in WAYS_OUT:
        return False
    return request.method not in SAFE or name.endswith("_callback")


def _is_no_json(request: HttpRequest) -> bool:
    """allauth reads every body of its JSON endpoints as JSON, but for the one form among them."""
    has_body = int(request.META.get("CONTENT_LENGTH") or 0) > 0
    return (
        request.path.startswith("/_allauth/")
        and has_body
        and request.content_type != "application/json"
        and _name(request) != "redirect_to_provider"
    )


def _count(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        attempts.take("person", str(request.user.pk), PERSON)
        return
    email = _email(request)
    take_address(request, email)
    if email and _name(request) in MAILING:
        take_mail(request, email)


def _whose(request: HttpRequest, email: str) -> tuple[str, str]:
    counted = known_devices.counted_as(request, email)
    return f"{email.strip().lower()}:{counted}", KNOWN if counted else STRANGERS


def _name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name if match else "") or ""


def _email(request: HttpRequest) -> str:
    """The account an attempt is about, as far as it names one."""
    if request.content_type == "application/json":
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
            return ""
        try:
            body = json.loads(request.body)
        except ValueError:
            return ""
        named = body.get("email") if isinstance(body, dict) else ""
    else:
        named = request.POST.get("login") or request.POST.get("email")
    return named.strip() if isinstance(named, str) else ""
