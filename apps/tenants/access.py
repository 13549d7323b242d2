"""The question every service asks before it acts: may this actor do that here?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.core.database import connection
from apps.tenants.errors import PermissionMissing
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import OWNER, PERMISSIONS


@dataclass(frozen=True)
class Operator:
    """A person of the operator console acting for a customer, named as such in the audit."""

    user: User

    @property
    def pk(self) -> Any:
        return self.user.pk

    @property
    def email(self) -> str:
        return f"operator {self.user.email}"


def permissions_of(actor: Any, *, tenant: Tenant | None = None) -> frozenset[str]:
    """All permissions the actor holds in `tenant`, or in the present workspace when left out."""
    if isinstance(actor, Operator):
        return OWNER if actor.user.is_staff and actor.user.is_active else frozenset()
    if hasattr(actor, "scopes"):
        same = actor.tenant.schema_name == (
            tenant.schema_name if tenant else connection.schema_name
        )
        return frozenset(actor.scopes) if same else frozenset()
    schema_name = tenant.schema_name if tenant else connection.schema_name
    membership = Membership.objects.filter(
        user_id=actor.pk, tenant__schema_name=schema_name, user__is_active=True
    ).first()
    return PERMISSIONS[membership.role] if membership else frozenset()


def require(permission: str, *, by: Any, tenant: Tenant | None = None) -> None:
    """Raises `PermissionMissing` unless the actor holds the permission in the workspace.

    `by=None` is the system itself: jobs and commands that operators run.
    """
    if by is not None and permission not in permissions_of(by, tenant=tenant):
        raise PermissionMissing(
            f"This needs the permission {permission}, which your role here does not include.",
            permission=permission,
        )
