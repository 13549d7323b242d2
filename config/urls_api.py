"""`/api/v1/` of a workspace: resources and the document that describes them."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

# Swagger UI sets styles on elements; its scripts are files of our own.
docs = csp_replace({"style-src": [SELF, UNSAFE_INLINE]})

urlpatterns = [
    path("", include("apps.roblox.api.urls")),
    path("", include("apps.usage.api.urls")),
    path("", include("apps.help.api.urls")),
    path("", include("apps.tenants.api.configuration")),
    path("", include("apps.tenants.api.urls")),
    path("", include("apps.tenants.api.me")),
    path("", include("apps.tenants.api.roles")),
    path("", include("apps.classes.api.urls")),
    path("", include("apps.transfers.api.urls")),
    path("", include("apps.gateway.api.urls")),
    path("", include("apps.webhooks.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path(
        "docs/", docs(SpectacularSwaggerSplitView.as_view(url_name="api_schema")), name="api_docs"
    ),
]
