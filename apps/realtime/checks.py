"""Contradictions between the realtime settings that would only show as silence on the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

PUSHER_DOMAIN = ".pusher.com"


@register
def check_endpoint(**_: Any) -> list[CheckMessage]:
    """Pages and publishers must meet at the same endpoint."""
    host = settings.PUSHER_HOST or ""
    if settings.PUSHER_CLUSTER and not host.endswith(PUSHER_DOMAIN):
        return [
            Error(
                f"Pages connect to Pusher's cluster {settings.PUSHER_CLUSTER}, but events are "
                f"sent to {host}.",
                hint=f"Set PUSHER_URL=https://api-{settings.PUSHER_CLUSTER}.pusher.com, or leave "
                "PUSHER_CLUSTER empty for the built-in endpoint.",
                id="realtime.E001",
            )
        ]
    if not settings.PUSHER_CLUSTER and host.endswith(PUSHER_DOMAIN):
        return [
            Error(
                f"Events are sent to {host}, but pages connect to the built-in endpoint.",
                hint="Set PUSHER_CLUSTER to the cluster named in PUSHER_URL.",
                id="realtime.E002",
            )
        ]
    if _is_unserved(host):
        return [
            Error(
                f"Events are sent to {host}, where production serves no HTTP API.",
                hint=f"Set PUSHER_URL={settings.PUBLIC_URL} for the built-in endpoint.",
                id="realtime.E003",
            )
        ]
    return []


def _is_unserved(host: str) -> bool:
    """In production only the public host itself has the built-in HTTP API."""
    return (
        settings.TOOLBOXAI_ENV == "production"
        and not settings.PUSHER_CLUSTER
        and host != settings.PUBLIC_DOMAIN
    )
