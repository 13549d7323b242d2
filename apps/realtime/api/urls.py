from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.realtime.api import app_views, views, webhook_views

router = SimpleRouter()
router.register("events", views.EventViewSet, basename="event")
router.register("realtime-apps", app_views.RealtimeAppViewSet, basename="realtime-app")
WEBHOOKS = rf"realtime-apps/(?P<app_pk>{webhook_views.ID})/webhooks"
router.register(WEBHOOKS, webhook_views.ChannelWebhookViewSet, basename="channel-webhook")
router.register(
    rf"{WEBHOOKS}/(?P<webhook_pk>{webhook_views.ID})/deliveries",
    webhook_views.ChannelDeliveryViewSet,
    basename="channel-delivery",
)

urlpatterns = router.urls
