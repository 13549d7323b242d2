"""Ahead of allauth's own pages, on every host."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from apps.accounts import passkeys
from apps.accounts.views import step_up

urlpatterns = [
    path("reauthenticate/", step_up.confirm, name="account_reauthenticate"),
    path("2fa/webauthn/add/", passkeys.add, name="mfa_add_webauthn"),
    path("2fa/webauthn/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("2fa/", include("allauth.mfa.urls")),
]
