from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def realtime(_request: HttpRequest) -> dict[str, Any]:
    """What a page's `<meta name="realtime">` says; never the secret.

    No host is named: with an empty cluster the endpoint is built in, and pages open their
    sockets where they came from themselves, so that every workspace's host serves its own.
    """
    return {"pusher_key": settings.PUSHER_KEY, "pusher_cluster": settings.PUSHER_CLUSTER}
