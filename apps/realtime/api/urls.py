from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.realtime.api import views

router = SimpleRouter()
router.register("events", views.EventViewSet, basename="event")

urlpatterns = router.urls
