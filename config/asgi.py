"""ASGI entry: pages and API through Django, sockets through the Pusher-protocol endpoint."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from apps.realtime.routing import websocket_urlpatterns  # noqa: E402 -- needs loaded apps

application = ProtocolTypeRouter(
    {"http": django_application, "websocket": URLRouter(websocket_urlpatterns)}
)
