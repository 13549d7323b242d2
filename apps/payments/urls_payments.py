from __future__ import annotations

from django.urls import path

from apps.payments.views import payments

urlpatterns = [path("settings/billing/payments/", payments.index, name="billing_payments")]
