from __future__ import annotations

from django.urls import path

from apps.usage.views import schools, usage

urlpatterns = [
    path("settings/usage/", usage.show, name="settings_usage"),
    path("settings/usage/usage.csv", usage.download, name="settings_usage_csv"),
    path("schools/", schools.index, name="schools"),
    path("schools/new/", schools.found, name="school_new"),
]
