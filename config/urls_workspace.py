"""A workspace's own host: pages and API."""

from __future__ import annotations

from django.urls import include, path

from apps.core.views import healthz

urlpatterns = [
    path("healthz", healthz),
    path("accounts/", include("allauth.account.urls")),
    path("", include("apps.tenants.urls_workspace")),
    path("", include("apps.gateway.urls")),
]
