"""The built-in endpoint's HTTP API, under `/apps/` on the public host."""

from __future__ import annotations

from django.urls import path

from apps.realtime import api_views

app_name = "realtime_api"
urlpatterns = [
    path("<str:app_id>/events", api_views.events),
    path("<str:app_id>/batch_events", api_views.batch_events),
    path("<str:app_id>/channels", api_views.channels),
    path("<str:app_id>/channels/<str:name>", api_views.channel),
    path("<str:app_id>/channels/<str:name>/users", api_views.users),
]
