from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.payments.api.payment_problems import PaymentProblemViewSet
from apps.payments.api.payments import PaymentViewSet

router = SimpleRouter()
router.register("payments", PaymentViewSet, basename="payment")
router.register("payment-problems", PaymentProblemViewSet, basename="payment-problem")

urlpatterns = router.urls
