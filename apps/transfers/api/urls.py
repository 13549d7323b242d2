from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.transfers.api import views

router = SimpleRouter()
# Nothing else stands where an id does: an address that is no id is not found.
views.ExportViewSet.lookup_value_regex = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # type: ignore[attr-defined]
router.register("exports", views.ExportViewSet, basename="export")

urlpatterns = router.urls
