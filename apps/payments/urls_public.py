"""The public host: prices, and what Stripe calls."""

from __future__ import annotations

from django.urls import path

from apps.payments.views import pricing, stripe

urlpatterns = [
    path("pricing/", pricing.show, name="pricing"),
    path("pricing/start/", pricing.start, name="pricing_start"),
    path("stripe/webhook/<uuid:endpoint>/", stripe.webhook, name="stripe_webhook"),
]
