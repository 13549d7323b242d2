from __future__ import annotations

from typing import Any

from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys


def make_key(tenant: Any, **about: Any) -> tuple[ApiKey, str]:
    """A key and its secret, made by the system."""
    return api_keys.create(
        tenant=tenant, **{"by": None, "name": "Build", "scopes": ["releases.view"], **about}
    )
