"""A workspace's own host: pages and API."""

from __future__ import annotations

from django.urls import include, path, re_path

from apps.core.views import healthz
from apps.gateway import problems

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("apps.accounts.urls")),
    path("", include("apps.sso.urls")),
    path("accounts/", include("apps.tenants.urls_account")),
    path("accounts/", include("apps.mail.urls_account")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/connected/", include("allauth.socialaccount.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    re_path(r"^api/(?P<version>v1)/", include("config.urls_api")),
    re_path(r"^api/", problems.absent),
    path("realtime/", include("apps.realtime.urls")),
    path("", include("apps.roblox.urls")),
    path("", include("apps.help.urls")),
    path("", include("apps.tenants.urls_settings")),
    path("", include("apps.classes.urls")),
    path("", include("apps.scim.urls")),
    path("", include("apps.transfers.urls")),
    path("", include("apps.tenants.urls_workspace")),
    path("", include("apps.usage.urls")),
    path("", include("apps.payments.urls")),
    path("", include("apps.impersonation.urls")),
    path("", include("apps.gateway.urls")),
    path("", include("apps.webhooks.urls")),
    path("", include("apps.realtime.urls_settings")),
    path("", include("apps.mail.urls_workspace")),
]
handler500 = problems.server_error
