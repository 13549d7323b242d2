from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.usage.api import views

router = SimpleRouter()
router.register("usage", views.UsageViewSet, basename="usage")
router.register("schools", views.SchoolViewSet, basename="school")

urlpatterns = router.urls
