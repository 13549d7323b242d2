from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.gateway.api import tokens

router = SimpleRouter()
router.register("tokens", tokens.TokenViewSet, basename="token")
router.register("sessions", tokens.SessionViewSet, basename="session")

urlpatterns = router.urls
