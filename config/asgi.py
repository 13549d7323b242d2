"""ASGI entry: pages and API through Django, sockets through the Pusher-protocol endpoint."""

import os

import django
from channels.routing import ProtocolTypeRouter, URLRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from apps.core.page_handler import PageHandler  # noqa: E402 -- needs settings
from apps.core.request_size import BodyLimit  # noqa: E402 -- the environment comes first
from apps.realtime.routing import websocket_urlpatterns  # noqa: E402 -- needs loaded apps

django_application = PageHandler()
application = ProtocolTypeRouter(
    {
        # Somewhat more than a place may have, so that a file too large is told in its form.
        "http": BodyLimit(
            django_application,
            largest=10 * 1024 * 1024,
            largest_upload=200 * 1024 * 1024,
            uploads=r"/api/v1/releases/|/experiences/[^/]+/releases/new/",
        ),
        "websocket": URLRouter(websocket_urlpatterns),
    }
)
