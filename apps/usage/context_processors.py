from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.usage.services import warnings

VIEW = "usage.view"


def usage(request: HttpRequest) -> dict[str, Any]:
    """`usage_notices`: which limits are near, for those who may see usage; asked when drawn."""
    tenant = getattr(request, "tenant", None)
    if tenant is None or VIEW not in getattr(request, "can", frozenset()):
        return {"usage_notices": []}
    return {"usage_notices": SimpleLazyObject(lambda: warnings.open_for(tenant=tenant))}
