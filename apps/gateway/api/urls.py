from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.gateway.api import api_keys, tokens

router = SimpleRouter()
router.register("api-keys", api_keys.ApiKeyViewSet, basename="api-key")
router.register("usage/requests", api_keys.RequestUsageViewSet, basename="request-usage")
router.register("tokens", tokens.TokenViewSet, basename="token")
router.register("sessions", tokens.SessionViewSet, basename="session")

urlpatterns = router.urls
