"""The question every service asks before it acts: may this actor do that here?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.core.database import connection
from apps.tenants import configuration
from apps.tenants.errors import (
    PermissionMissing,
    WorkspaceClosed,
    WorkspaceReadOnly,
    WorkspaceSuspended,
)
from apps.tenants.features import KEY
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import (
    OPERATOR,
    OWNER,
    OWNERS_ALONE,
    TEST_SCOPES,
    WHILE_SUSPENDED,
    label_of,
)


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


@dataclass(frozen=True)
class Provisioner:
    """A workspace's identity provider acting by itself, named as such in the audit: it manages
    people as far as a role can reach, and never owners.
    """

    tenant: Tenant
    name: str
    pk: None = None

    def __str__(self) -> str:
        return self.email

    @property
    def email(self) -> str:
        return f"SCIM, {self.name}"


def permissions_of(actor: Any, *, tenant: Tenant | None = None) -> frozenset[str]:
    """All permissions the actor holds in `tenant`, or in the present workspace when left out, as
    far as no switched-off feature withholds them.
    """
    if hasattr(actor, "scopes"):
        scopes = permissions_held(actor, tenant=tenant)
        return configuration.granted(scopes, role=KEY, tenant=actor.tenant)
    if isinstance(actor, Operator | Provisioner):
        return permissions_held(actor, tenant=tenant)
    return _standing(actor, tenant)[0]


def permissions_held(actor: Any, *, tenant: Tenant | None = None) -> frozenset[str]:
    """As `permissions_of`, whatever features withhold: how far the actor's role reaches."""
    if isinstance(actor, Operator):
        return OPERATOR if actor.user.is_staff and actor.user.is_active else frozenset()
    here = tenant.schema_name if tenant else connection.schema_name
    if isinstance(actor, Provisioner):
        return OWNER - OWNERS_ALONE if actor.tenant.schema_name == here else frozenset()
    if hasattr(actor, "scopes"):
        if actor.tenant.schema_name != here:
            return frozenset()
        scopes = frozenset(actor.scopes)
        return scopes & frozenset(TEST_SCOPES) if actor.is_test else scopes
    membership = _membership(actor, tenant)
    return _limited(actor, membership.permissions) if membership else frozenset()


def granted_to(membership: Membership) -> frozenset[str]:
    """What the role includes and no switched-off feature of the workspace withholds."""
    return configuration.granted(
        membership.permissions, role=membership.role, tenant=membership.tenant
    )


def explain(permission: str, *, membership: Membership) -> str:
    """Why a member may not, and who can change that, in a sentence."""
    tenant = membership.tenant
    feature = configuration.withholding(permission, role=membership.role, tenant=tenant)
    if feature is None or permission not in membership.permissions:
        return (
            f"Your role here, {membership.role_name.lower()}, does not include "
            f"“{label_of(permission)}”. An owner or admin of {tenant} can change it."
        )
    switch = "An owner can switch it on under Settings, Configuration."
    if feature.switched_by == "operator":
        switch = "The operators of this installation can switch it on."
    return f"“{feature.label}” is switched off in {tenant}. {switch}"


def _membership(actor: Any, tenant: Tenant | None) -> Membership | None:
    schema_name = tenant.schema_name if tenant else connection.schema_name
    found = Membership.objects.in_force().filter(user_id=actor.pk, tenant__schema_name=schema_name)
    return found.select_related("tenant", "custom_role").first()


def _limited(actor: Any, permissions: frozenset[str]) -> frozenset[str]:
    """`limited_to` is set on a person somebody else is in as."""
    limit: frozenset[str] | None = getattr(actor, "limited_to", None)
    return permissions if limit is None else permissions & limit


def require(permission: str, *, by: Any, tenant: Tenant | None = None) -> None:
    """Raises `PermissionMissing` unless the actor holds the permission in the workspace, and the
    errors of `require_writable` when its state does not allow it.

    `by=None` is the system itself: jobs and commands that operators run. Neither it nor an
    operator is held up by the workspace's state.
    """
    if by is None:
        return
    held, here = _standing(by, tenant)
    if permission not in held:
        raise PermissionMissing(
            f"This needs the permission {permission}, which your role here does not include.",
            permission=permission,
        )
    if not isinstance(by, Operator) and not allowed_while_suspended(permission):
        refuse_unless_writable(here or _read(tenant))


def _standing(actor: Any, tenant: Tenant | None) -> tuple[frozenset[str], Tenant | None]:
    """As `permissions_of`, and the workspace's row where that came along."""
    if hasattr(actor, "scopes") or isinstance(actor, Operator | Provisioner):
        return permissions_of(actor, tenant=tenant), None
    membership = _membership(actor, tenant)
    if membership is None:
        return frozenset(), None
    return _limited(actor, granted_to(membership)), membership.tenant


def require_writable(*, tenant: Tenant | None = None) -> None:
    """As `require_open`; raises `WorkspaceReadOnly`, too, while the workspace is not paid for."""
    refuse_unless_writable(_read(tenant))


def require_open(*, tenant: Tenant | None = None) -> None:
    """Raises `WorkspaceSuspended` or `WorkspaceClosed` when work in `tenant` (the present
    workspace when left out) has to rest. Its state is read from the database, so that a job
    that began earlier hears of it, too.
    """
    refuse_unless_open(_read(tenant))


def _read(tenant: Tenant | None) -> Tenant | None:
    schema_name = tenant.schema_name if tenant else connection.schema_name
    found: Tenant | None = Tenant.objects.filter(schema_name=schema_name).first()
    return found


def refuse_unless_open(tenant: Tenant | None) -> None:
    """As `require_open`, for a row that was just read; None is a workspace that is gone."""
    if tenant is None or tenant.state == Tenant.State.PURGING:
        raise WorkspaceClosed("This workspace has been deleted.")
    if tenant.state == Tenant.State.SUSPENDED:
        raise WorkspaceSuspended(
            f"{tenant} is suspended since {tenant.suspended_at:%-d %B %Y}: "
            f"{tenant.suspension_reason} Everything can be read, nothing can be changed.",
            reason=tenant.suspension_reason,
        )
    if tenant.state == Tenant.State.DELETING:
        raise WorkspaceClosed(
            f"{tenant} is closed and will be deleted on {tenant.purge_at:%-d %B %Y at %H:%M} UTC. "
            "Until then an owner can keep it from the list of workspaces.",
            purge_at=tenant.purge_at.isoformat() if tenant.purge_at else None,
        )


def refuse_unless_writable(tenant: Tenant | None) -> None:
    """As `require_writable`, for a row that was just read."""
    refuse_unless_open(tenant)
    if tenant is not None and tenant.is_read_only:
        raise WorkspaceReadOnly(
            f"{tenant} is read-only since {tenant.read_only_since:%-d %B %Y}: "
            f"{tenant.read_only_reason} Everything can be read, nothing can be changed until an "
            "owner has paid under Settings, Billing.",
            reason=tenant.read_only_reason,
            billing_url=f"{tenant.url}/settings/billing/",
        )


def allowed_while_suspended(permission: str) -> bool:
    return permission.endswith(".view") or permission in WHILE_SUSPENDED
