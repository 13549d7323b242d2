"""Our view at its own address, and dj-stripe's as it is set up by its documentation."""

from __future__ import annotations

from django.urls import include, path

from config.urls_public import urlpatterns as own

urlpatterns = [path("djstripe/", include("djstripe.urls", namespace="djstripe")), *own]
