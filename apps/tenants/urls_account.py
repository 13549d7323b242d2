"""A person's own settings that know of workspaces; below `/accounts/` on every host."""

from __future__ import annotations

from django.urls import path

from apps.tenants.views import devices

urlpatterns = [
    path("sessions/", devices.index, name="account_sessions"),
    path("sessions/others/end/", devices.end_others, name="account_sessions_end"),
    path("sessions/<uuid:pk>/end/", devices.end, name="account_session_end"),
]
