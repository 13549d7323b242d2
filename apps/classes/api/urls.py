from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.classes.api import views

router = SimpleRouter()
router.register("classes", views.ClassViewSet, basename="class")
router.register("pupils", views.PupilViewSet, basename="pupil")

urlpatterns = router.urls
