"""How allauth's flows join the product."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.services import step_up
from apps.accounts.signals import mail_wanted

HOME = "/"
WORKSPACES = "/workspaces/"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": "This is not the code we sent. Look into the newest mail.",
    }

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 -- allauth's signature
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit=commit)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made on the public host; a workspace invites."""
        return getattr(request, "tenant", None) is None

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return HOME if getattr(request, "tenant", None) else WORKSPACES

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mail leaves through a job, so that no page waits for a mail service."""
        mail_wanted.send(
            sender=type(self),
            template=template_prefix,
            to=email,
            context={"email": email, **context},
        )

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002
        """As everywhere in the product. Raises itself, because allauth asks nothing of people
        without a password.
        """
        if not step_up.is_recent(allauth_context.request):
            raise ReauthenticationRequired
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """One page offers all ways."""
        if not user.is_authenticated:
            return []
        url = reverse("account_reauthenticate")
        return [{"id": "reauthenticate", "description": "Confirm that it is you", "url": url}]
