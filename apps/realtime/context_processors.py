from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def realtime(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001
    """What a page needs to open its connection; never the secret."""
    return {"pusher_key": settings.PUSHER_KEY, "pusher_cluster": settings.PUSHER_CLUSTER}
