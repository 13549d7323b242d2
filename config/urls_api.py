"""`/api/v1/` of a workspace: resources and the document that describes them."""

from __future__ import annotations

from django.urls import include, path

from apps.gateway import documentation

urlpatterns = [
    path("", include("apps.roblox.api.urls")),
    path("", include("apps.usage.api.urls")),
    path("", include("apps.payments.api.urls")),
    path("", include("apps.help.api.urls")),
    path("", include("apps.tenants.api.configuration")),
    path("", include("apps.tenants.api.urls")),
    path("", include("apps.sso.api.urls")),
    path("", include("apps.tenants.api.jobs")),
    path("", include("apps.tenants.api.me")),
    path("", include("apps.tenants.api.roles")),
    path("", include("apps.tenants.api.people")),
    path("", include("apps.tenants.api.invitation_links")),
    path("", include("apps.classes.api.urls")),
    path("", include("apps.transfers.api.urls")),
    path("", include("apps.gateway.api.urls")),
    path("", include("apps.webhooks.api.urls")),
    path("", include("apps.mail.api.urls")),
    path("", include("apps.realtime.api.urls")),
    path("schema/", documentation.document, name="api_schema"),
    path("docs/", documentation.swagger, name="api_docs"),
    path("redoc/", documentation.redoc, {"document_name": "api_schema"}, name="api_reference"),
]
