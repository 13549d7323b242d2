from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.realtime.api import app_views, views

router = SimpleRouter()
router.register("events", views.EventViewSet, basename="event")
router.register("realtime-apps", app_views.RealtimeAppViewSet, basename="realtime-app")

urlpatterns = router.urls
