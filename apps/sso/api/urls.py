from __future__ import annotations

from typing import Any, Final

from django.urls import path

from apps.sso.api.views import SignInViewSet

DEEDS: Final[dict[str, Any]] = {
    "get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy",
}  # fmt: skip

urlpatterns = [
    path("workspace/sso/", SignInViewSet.as_view(DEEDS, detail=True), name="sso-detail"),
    path(
        "workspace/sso/test/",
        SignInViewSet.as_view({"post": "test"}, detail=True),
        name="sso-test",
    ),
]
