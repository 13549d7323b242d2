"""The workspace's host: `/settings/billing/payment-problems/`."""

from __future__ import annotations

from django.urls import path

from apps.payments.views import problems

urlpatterns = [
    path("settings/billing/payment-problems/", problems.show, name="billing_problems"),
]
