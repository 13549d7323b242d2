from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from apps.tenants.requests import HostRequest


class Permissions:
    """`can.releases_create` in templates, for the permission `releases.create`."""

    def __init__(self, granted: frozenset[str]) -> None:
        self._granted = frozenset(p.replace(".", "_") for p in granted)

    def __getitem__(self, name: str) -> bool:
        return name in self._granted


def workspace(request: HttpRequest) -> dict[str, Any]:
    return {
        "tenant": getattr(request, "tenant", None),
        "membership": getattr(request, "membership", None),
        "can": Permissions(getattr(request, "can", frozenset())),
        "public_url": settings.PUBLIC_URL,
        "sandbox_url": settings.SANDBOX_URL,
        "has_outbox": settings.MAIL_HAS_OUTBOX,
    }


def subscriber(request: HostRequest) -> Any:
    """dj-stripe's question whose subscription a request is about: the workspace's."""
    return request.tenant
