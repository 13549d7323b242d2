"""Workspaces and what they have used."""

from __future__ import annotations

from apps.tenants.models import Tenant
from apps.usage.services import usage


def count(number: int, tenant, metric: str = "mails") -> None:
    usage.count(schema_name=tenant.schema_name, metric=metric, amount=number)


def bare_workspace(slug: str, founder, **about) -> Tenant:
    tenant = Tenant(
        name=slug, slug=slug, schema_name=f"w_{slug}", email=founder.email, created_by=founder,
        state=Tenant.State.ACTIVE, **about,
    )  # fmt: skip
    tenant.save()
    return tenant
