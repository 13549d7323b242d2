"""The built-in endpoint's HTTP API, under `/apps/` on the public host."""

from __future__ import annotations

from django.urls import path

from apps.realtime import pusher_views

app_name = "realtime_api"
urlpatterns = [
    path("<str:app_id>/events", pusher_views.events),
    path("<str:app_id>/batch_events", pusher_views.batch_events),
    path("<str:app_id>/channels", pusher_views.channels),
    path("<str:app_id>/channels/<str:name>", pusher_views.channel),
    path("<str:app_id>/channels/<str:name>/users", pusher_views.users),
    path("<str:app_id>/users/<str:user_id>/terminate_connections", pusher_views.terminate),
]
