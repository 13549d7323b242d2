from __future__ import annotations

from django.urls import path

from apps.gateway import views

urlpatterns = [
    path("api-keys/", views.index, name="api_keys"),
    path("api-keys/new/", views.new, name="api_key_new"),
    path("api-keys/<uuid:pk>/", views.show, name="api_key"),
    path("api-keys/<uuid:pk>/edit/", views.edit, name="api_key_edit"),
    path("api-keys/<uuid:pk>/rotate/", views.rotate, name="api_key_rotate"),
    path("api-keys/<uuid:pk>/former/", views.end_former, name="api_key_end_former"),
    path("api-keys/<uuid:pk>/revoke/", views.revoke, name="api_key_revoke"),
    path("settings/usage/api/", views.usage, name="settings_usage_api"),
]
