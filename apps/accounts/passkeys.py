"""Passkeys: every key is one that signs in by itself, so the person is asked for finger or PIN."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.views.generic.edit import FormView

MOST_NAMED = 60


def work_here(request: HttpRequest) -> bool:
    """Whether a browser lets the request's host use passkeys of `MFA_RELYING_PARTY`: itself and
    the hosts below it, but for names without a dot, such as `localhost` (WebAuthn level 3,
    section 5.1.3, "registrable domain suffix"). A customer's own domain is none of them.
    """
    host, _ = split_domain_port(request.get_host())
    parent: str = settings.MFA_RELYING_PARTY
    return host == parent or ("." in parent and host.endswith(f".{parent}"))


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"name": "My passkey", **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["name"].max_length = MOST_NAMED

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"]).strip()[:MOST_NAMED] or "My passkey"


class AddPasskeyView(AddWebAuthnView):  # type: ignore[misc]
    """allauth's, asking for a discoverable credential with user verification (WebAuthn level 3,
    section 5.4.4), and no other.
    """

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        options = begin_registration(self.request.user, True)
        return {**context, "js_data": {"creation_options": options}}


add = AddPasskeyView.as_view()
