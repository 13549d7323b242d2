"""How allauth's flows join the product."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.accounts.signals import mail_wanted

HOME = "/"
WORKSPACES = "/workspaces/"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
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
