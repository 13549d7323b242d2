"""Ahead of allauth's own pages, on every host."""

from __future__ import annotations

from django.urls import include, path

from apps.accounts.views import step_up

urlpatterns = [
    path("reauthenticate/", step_up.confirm, name="account_reauthenticate"),
    path("2fa/", include("allauth.mfa.urls")),
]
