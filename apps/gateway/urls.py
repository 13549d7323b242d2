from __future__ import annotations

from django.urls import path

from apps.gateway import views

urlpatterns = [
    path("api-keys/", views.index, name="api_keys"),
    path("api-keys/new/", views.create, name="create_api_key"),
    path("api-keys/<uuid:key_id>/revoke/", views.revoke, name="revoke_api_key"),
]
