"""`/api/v1/` of a workspace: what it pays."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("apps.payments.api.urls_invoices")),
    path("", include("apps.payments.api.urls_payments")),
]
