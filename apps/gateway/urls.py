from __future__ import annotations

from django.urls import path

from apps.gateway import views

urlpatterns = [
    path("api-keys/", views.index, name="api_keys"),
    path("api-keys/<uuid:pk>/revoke/", views.revoke, name="api_key_revoke"),
]
