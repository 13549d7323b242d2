from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.usage.services import entitlements, warnings

VIEW = "usage.view"


def usage(request: HttpRequest) -> dict[str, Any]:
    """`usage_notices`: which limits are near, for those who may see usage. `entitlements`: by name
    what the plan has. Both are asked for when drawn.
    """
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return {"usage_notices": [], "entitlements": {}}
    found: dict[str, Any] = {
        "usage_notices": [],
        "entitlements": SimpleLazyObject(lambda: entitlements.of(tenant)),
    }
    if VIEW in getattr(request, "can", frozenset()):
        found["usage_notices"] = SimpleLazyObject(lambda: warnings.open_for(tenant=tenant))
    return found
