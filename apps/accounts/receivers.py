"""What this floor hears from Django."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.accounts import known_devices
from apps.accounts.models import User


def remember_device(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        known_devices.note(request, user)
