"""`/api/v1/` of a workspace: what it pays."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.payments.api import billing_views
from apps.payments.api.beyond import BeyondViewSet

router = SimpleRouter()
router.register("billing", billing_views.BillingViewSet, basename="billing")

urlpatterns = [
    path(
        "billing/beyond/",
        BeyondViewSet.as_view({"get": "retrieve", "put": "update"}, detail=True),
        name="billing-beyond",
    ),
    path("", include("apps.payments.api.urls_invoices")),
    path("", include("apps.payments.api.urls_payments")),
    *router.urls,
]
