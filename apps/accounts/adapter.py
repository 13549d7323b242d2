"""How allauth's flows join the product."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit=commit)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made on the public host; a workspace invites."""
        return getattr(request, "tenant", None) is None
