"""A district's schools as its page and the API list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.tenants.models import Membership, Tenant
from apps.usage.services import overviews


@dataclass(frozen=True)
class School:
    """`used`: by limit's key what it uses itself. `role` is the viewer's there, "" for none."""

    tenant: Tenant
    used: overviews.Used
    last_active: date | None
    role: str
    owners: list[str]


def describe(schools: Sequence[Tenant], *, viewer: Any = None) -> list[School]:
    """In a constant number of queries; numbers are up to a minute old."""
    names = [school.schema_name for school in schools]
    used, active = overviews.used(names), overviews.last_active(names)
    members = Membership.objects.filter(tenant__in=schools).select_related("user")
    roles = dict(members.filter(user=viewer).values_list("tenant", "role")) if viewer else {}
    owners: dict[int, list[str]] = {}
    for membership in members.owners():
        owners.setdefault(membership.tenant_id, []).append(membership.user.email)
    return [
        School(
            tenant=school,
            used=used[school.schema_name],
            last_active=active.get(school.schema_name),
            role=roles.get(school.pk, ""),
            owners=owners.get(school.pk, []),
        )
        for school in schools
    ]
