from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.tenants.api import views

router = SimpleRouter()
router.register("workspace/domains", views.DomainViewSet, basename="domain")
workspace = views.WorkspaceDetailViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update"}, detail=True
)

urlpatterns = [path("workspace/", workspace, name="workspace-detail"), *router.urls]
