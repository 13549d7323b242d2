"""The log of a provider's last requests."""

from __future__ import annotations

from typing import Final

from apps.scim.models import ScimRequest, ScimToken
from apps.tenants.models import Tenant

KEPT: Final = 200
CLEARED_EVERY: Final = 50


def note(
    *, tenant: Tenant, token: ScimToken | None, method: str, path: str, status: int, detail: str,
    milliseconds: int,
) -> None:  # fmt: skip
    """Keeps the newest 200 of a workspace, and at times some more."""
    row = ScimRequest.objects.create(
        tenant=tenant, token=token, method=method[:10], path=path[:300], status=status,
        detail=detail[:300], milliseconds=milliseconds,
    )  # fmt: skip
    if row.pk % CLEARED_EVERY == 0:
        clear(tenant)


def clear(tenant: Tenant) -> None:
    newest = ScimRequest.objects.filter(tenant=tenant).order_by("-pk")
    last = newest.values_list("pk", flat=True)[KEPT : KEPT + 1].first()
    if last:
        ScimRequest.objects.filter(tenant=tenant, pk__lte=last).delete()
