from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.roblox.api import views

router = SimpleRouter()
router.register("experiences", views.ExperienceViewSet, basename="experience")
router.register("releases", views.ReleaseViewSet, basename="release")
router.register("deployments", views.DeploymentViewSet, basename="deployment")

urlpatterns = router.urls
