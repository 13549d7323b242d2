from __future__ import annotations

from django.urls import path

from apps.realtime import pages

urlpatterns = [
    path("settings/realtime/", pages.index, name="settings_realtime"),
    path("settings/realtime/new/", pages.new, name="realtime_app_new"),
    path("settings/realtime/<uuid:pk>/", pages.detail, name="realtime_app"),
    path("settings/realtime/<uuid:pk>/edit/", pages.edit, name="realtime_app_edit"),
    path("settings/realtime/<uuid:pk>/rotate/", pages.rotate, name="realtime_app_rotate"),
    path("settings/realtime/<uuid:pk>/former/", pages.end_former, name="realtime_app_end_former"),
    path("settings/realtime/<uuid:pk>/switch/", pages.switch, name="realtime_app_switch"),
    path("settings/realtime/<uuid:pk>/delete/", pages.remove, name="realtime_app_remove"),
]
