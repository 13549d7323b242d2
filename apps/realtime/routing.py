from __future__ import annotations

from django.urls import path, re_path

from apps.realtime.consumers import LostConsumer, PusherConsumer

websocket_urlpatterns = [
    path("app/<str:key>", PusherConsumer.as_asgi()),
    re_path("", LostConsumer.as_asgi()),
]
