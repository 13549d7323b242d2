from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.webhooks.api import views

router = SimpleRouter()
router.register("endpoints", views.EndpointViewSet, basename="webhook-endpoint")
router.register("event-types", views.EventTypeViewSet, basename="webhook-event-type")
router.register(
    rf"endpoints/(?P<endpoint_pk>{views.ID})/deliveries",
    views.DeliveryViewSet,
    basename="webhook-delivery",
)

urlpatterns = [path("webhooks/", include(router.urls))]
