from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.help.api.views import HelpViewSet

router = SimpleRouter()
router.register("help", HelpViewSet, basename="help")

urlpatterns = router.urls
