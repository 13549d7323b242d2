"""How accounts elsewhere join the product's own.

An account elsewhere opens an account here when it was connected by its owner, or when both sides
have verified the same address. An address that either side only claims opens nothing: its mailbox
is told instead, as for any sign-up with a known address.
"""

from __future__ import annotations

import math
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts import social_circuits
from apps.accounts.models import User
from apps.accounts.social_circuits import SignInUnanswered
from apps.core import breaker, circuit_transport

NAME_LENGTH = 120


class NotOffered(SocialApp.DoesNotExist, Http404):  # type: ignore[misc]
    """This installation has no client id at that vendor. Answered as an address of nothing."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        # pragma: allowlist nextline secret
        "no_password": "This is your last way in. Set a password first, then disconnect it.",
        "no_verified_email": "This is your last way in. Confirm an e-mail address first.",
        "connected_other": "That account belongs to somebody else here already.",
    }

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Those of the settings, on the public host, where the answers come to. No query."""
        if getattr(request, "tenant", None) is not None:
            return []
        return configured(provider=provider, client_id=client_id)

    def get_app(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> SocialApp:
        """Raises `NotOffered`."""
        try:
            found: SocialApp = super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            raise NotOffered from error
        return found

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The person whose verified address the other side has verified, too."""
        for address in sociallogin.email_addresses:
            if address.verified and self.can_authenticate_by_email(sociallogin, address.email):
                known = EmailAddress.objects.filter(email__iexact=address.email, verified=True)
                found = known.select_related("user").first()
                if found is not None:
                    return found.user, address.email
        return None

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        parts = [data.get("first_name"), data.get("last_name")]
        name = data.get("name") or " ".join(part for part in parts if part)
        user.name = (name or data.get("username") or "")[:NAME_LENGTH]
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_signup_form_initial_data(sociallogin)
        return {**initial, "name": sociallogin.user.name}

    def get_requests_session(self) -> Any:
        """Each call has `SOCIALACCOUNT_REQUESTS_TIMEOUT` and goes through its vendor's circuit."""
        session = super().get_requests_session()
        return circuit_transport.mount(session, social_circuits.transport(configured()))

    def on_authentication_error(self, request: HttpRequest, _provider: Any, **about: Any) -> None:
        """Says who does not answer. Programs are led back to where they came from, by allauth."""
        exception = about.get("exception")
        state = (about.get("extra_context") or {}).get("state") or {}
        if isinstance(exception, SignInUnanswered) and not state.get("headless"):
            raise ImmediateHttpResponse(unanswered(request, exception))


def configured(*, provider: str | None = None, client_id: str | None = None) -> list[SocialApp]:
    """The accounts elsewhere that the settings know, as allauth's rows that are in no table."""
    apps = [
        SocialApp(provider=name, **about)
        for name, known in settings.SOCIALACCOUNT_PROVIDERS.items()
        for about in cast("list[dict[str, Any]]", known["APPS"])
    ]
    return [
        app
        for app in apps
        if provider in {None, app.provider, app.provider_id} and client_id in {None, app.client_id}
    ]


def unanswered(request: HttpRequest, error: SignInUnanswered) -> HttpResponse:
    """The page that says who does not answer, and that there are other ways in."""
    names = {social_circuits.circuit_of(a): social_circuits.name_of(a) for a in configured()}
    context = {"name": names.get(error.vendor, "The other side")}
    page = render(request, "socialaccount/unanswered.html", context, status=503)
    page["Retry-After"] = str(math.ceil(error.retry_after or breaker.PAUSE))
    return page
