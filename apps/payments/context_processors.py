from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.payments.models import DunningCase

VIEW = "billing.view"


def unpaid(request: HttpRequest) -> dict[str, Any]:
    """`unpaid`: the oldest case of something unpaid, for those who may see payments; asked when
    drawn, and only where there is one.
    """
    tenant = getattr(request, "tenant", None)
    if tenant is None or tenant.unpaid_since is None:
        return {"unpaid": None}
    if VIEW not in getattr(request, "can", frozenset()):
        return {"unpaid": None}
    rows = DunningCase.objects.open().with_steps().filter(account__tenant_id=tenant.pk)
    return {"unpaid": SimpleLazyObject(lambda: rows.order_by("began_at").first())}
