"""The public host: landing, sign-up, operator console, realtime HTTP API."""

from __future__ import annotations

from allauth.urls import build_provider_urlpatterns
from django.contrib import admin
from django.urls import include, path

from apps.core.views import healthz, metrics
from apps.gateway import documentation
from apps.gateway.views import problem, problems
from apps.realtime.documentation import asyncapi, event_catalogue
from apps.webhooks.views import documentation as webhooks

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("accounts/", include("apps.accounts.urls")),
    path("accounts/", include("apps.tenants.urls_account")),
    path("accounts/", include("apps.mail.urls_account")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/connected/", include("allauth.socialaccount.urls")),
    # Answers come to one host, which is what vendors are told of; workspaces lead here.
    path("accounts/", include(build_provider_urlpatterns())),
    path("_allauth/", include("allauth.headless.urls")),
    path("realtime/", include("apps.realtime.urls")),
    path("apps/", include("apps.realtime.pusher_urls")),
    path(
        "docs/api/",
        documentation.redoc,
        {"document_name": "public_api_document"},
        name="public_api_reference",
    ),
    path("docs/api/start/", documentation.quick_start, name="api_quick_start"),
    path("docs/api/openapi/", documentation.public_document(), name="public_api_document"),
    path("docs/problems/", problems, name="problems"),
    path("docs/problems/<slug:code>/", problem, name="problem"),
    path("docs/events/", event_catalogue, name="event_catalogue"),
    path("docs/events/asyncapi.json", asyncapi, name="asyncapi"),
    path("docs/webhooks/", webhooks, name="webhook_events"),
    path("operator/", admin.site.urls),
    path("", include("apps.help.urls_public")),
    path("", include("apps.payments.urls_public")),
    path("", include("apps.tenants.urls_public")),
    path("", include("apps.mail.urls")),
]
