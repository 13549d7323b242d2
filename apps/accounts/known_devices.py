"""Browsers and addresses from which a person has signed in before.

An attempt from one of them is counted by itself, so a stranger who keeps guessing slows only
strangers (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). The cookie says which
accounts a browser has opened, as hashes, signed; an address is remembered in Redis for a month.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from apps.accounts.models import User

SALT = "accounts.known-device"
COOKIE_SECONDS = 180 * 24 * 3600
ADDRESS_SECONDS = 30 * 24 * 3600
MOST_ACCOUNTS = 12


def counted_as(request: HttpRequest, email: str) -> str:
    """For whom an attempt at the account of `email` counts: this browser, this address, or
    empty for all strangers together.
    """
    device = _device(request)
    if _mark(email) in device["accounts"]:
        return f"device:{device['id']}"
    address = request.META.get("REMOTE_ADDR", "")
    with suppress(RedisError):  # whoever counts next will find it gone, and close the door
        if cache.get(_key(email, address)):
            return f"address:{address}"
    return ""


def note(request: HttpRequest, user: User) -> None:
    """Remember that `user` has signed in from here; `keep` puts it into the answer."""
    verified = EmailAddress.objects.filter(user=user, verified=True)
    emails = {user.email, *verified.values_list("email", flat=True)} - {""}
    device = _device(request)
    known = [mark for mark in device["accounts"] if mark not in {_mark(e) for e in emails}]
    device["accounts"] = ([_mark(email) for email in sorted(emails)] + known)[:MOST_ACCOUNTS]
    request.known_device = device  # type: ignore[attr-defined]
    address = request.META.get("REMOTE_ADDR", "")
    with suppress(RedisError):
        cache.set_many({_key(email, address): 1 for email in emails}, ADDRESS_SECONDS)


def keep(request: HttpRequest, response: HttpResponse) -> None:
    device = getattr(request, "known_device", None)
    if device is not None:
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME, signing.dumps(device, salt=SALT, compress=True),
            max_age=COOKIE_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True,
            samesite="Lax",
        )  # fmt: skip


def _device(request: HttpRequest) -> dict[str, Any]:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        known: dict[str, Any] = signing.loads(cookie, salt=SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return {"id": secrets.token_hex(8), "accounts": []}
    return known


def _mark(email: str) -> str:
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:16]


def _key(email: str, address: str) -> str:
    return f"signed-in:{_mark(email)}:{address}"
