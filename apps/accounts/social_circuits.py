"""The circuits of those who sign people in elsewhere: Google, GitHub, Roblox, an issuer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

from apps.core import breaker
from apps.core.circuit_transport import CircuitTransport, Unanswered

HOSTS = {"google": ("google.com", "googleapis.com"), "github": ("github.com",)}
NAMES = {"google": "Google", "github": "GitHub"}


class SignInUnanswered(Unanswered, OAuth2Error):  # type: ignore[misc]
    """allauth expects either of the two, depending on the place; some places expect neither, for
    which `UnansweredMiddleware` stands by.
    """


def declare(apps: list[SocialApp]) -> None:
    """Show operators the circuits of the accounts elsewhere that people may sign in with."""
    for app in apps:
        breaker.declare(circuit_of(app), f"Sign-in with {name_of(app)}")


def name_of(app: SocialApp) -> str:
    return str(app.name or NAMES.get(app.provider, app.provider))


def circuit_of(app: SocialApp) -> str:
    return f"sign-in-{app.provider_id or app.provider}"


def transport(apps: list[SocialApp]) -> CircuitTransport:
    """One whose calls are counted for the app that their address belongs to. An issuer may have
    its endpoints anywhere, so what fits nobody is the last one's.
    """

    def vendor_of(url: str) -> str:
        fitting = [app for app in apps if _is_at(app, url)] or apps[-1:]
        return circuit_of(fitting[0]) if fitting else "sign-in"

    return CircuitTransport(vendor_of, raises=SignInUnanswered)


def _is_at(app: SocialApp, url: str) -> bool:
    there = urlsplit(url)
    host = there.hostname or ""
    issuer: Any = urlsplit(app.settings.get("server_url", ""))
    if issuer.netloc:
        return bool(issuer.netloc == there.netloc)
    return any(host == known or host.endswith(f".{known}") for known in HOSTS.get(app.provider, ()))
