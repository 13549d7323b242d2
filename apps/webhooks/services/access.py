"""Who may act on an endpoint: asked by each service before it acts."""

from __future__ import annotations

from typing import Any

from apps.tenants.access import require
from apps.webhooks.models import Endpoint


def demand(permission: str, *, endpoint: Endpoint, by: Any) -> None:
    """Raises `PermissionMissing` unless `by` holds it in the endpoint's workspace."""
    require(permission, by=by, tenant=endpoint.tenant)
