"""How accounts elsewhere join the product's own.

An account elsewhere opens an account here when it was connected by its owner, or when both sides
have verified the same address. An address that either side only claims opens nothing: its mailbox
is told instead, as for any sign-up with a known address.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User

NAME_LENGTH = 120


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
