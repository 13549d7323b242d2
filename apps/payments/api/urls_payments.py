from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.payments.api.payments import PaymentViewSet

router = SimpleRouter()
router.register("payments", PaymentViewSet, basename="payment")

urlpatterns = router.urls
