from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.usage.plans import STAFF
from apps.usage.services import entitlements, limits, warnings

VIEW = "usage.view"


def usage(request: HttpRequest) -> dict[str, Any]:
    """`usage_notices`: which limits are near, for those who may see usage. `entitlements`: by name
    what the plan has. `staff_seats`: how many of them are taken. All are asked for when drawn.
    """
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return {"usage_notices": [], "entitlements": {}}
    found: dict[str, Any] = {
        "usage_notices": [],
        "entitlements": SimpleLazyObject(lambda: entitlements.of(tenant)),
        "staff_seats": SimpleLazyObject(lambda: limits.state(STAFF, tenant=tenant)),
    }
    if VIEW in getattr(request, "can", frozenset()):
        found["usage_notices"] = SimpleLazyObject(lambda: warnings.open_for(tenant=tenant))
    return found
