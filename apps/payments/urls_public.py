"""The public host: prices, and what Stripe calls."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
