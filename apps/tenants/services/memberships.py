"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants.access import require
from apps.tenants.errors import LastOwner
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role


def find(*, tenant: Tenant, membership_id: UUID) -> Membership:
    """Raises `NotFound` for another workspace's membership as for none."""
    found = Membership.objects.select_related("user", "tenant").filter(
        tenant=tenant, pk=membership_id
    )
    membership = found.first()
    if membership is None:
        raise NotFound("There is no such member in this workspace.")
    return membership


def change_role(*, membership: Membership, role: str, by: Any) -> Membership:
    """Give a member another role. Only owners make or unmake owners; the last one stays."""
    require("members.update", by=by, tenant=membership.tenant)
    if role not in Role.values:
        raise Invalid(errors={"role": [f"Choose one of: {', '.join(Role.values)}."]})
    with transaction.atomic():
        locked = _lock(membership)
        if Role.OWNER in {role, locked.role}:
            require("members.make_owner", by=by, tenant=locked.tenant)
        if role == locked.role:
            return locked
        before = locked.role
        if before == Role.OWNER:
            _keep_an_owner(locked)
        locked.role = role
        locked.save(update_fields=["role"])
        _record("member.role_changed", locked, by, {"before": before, "after": role})
    return locked


def remove(*, membership: Membership, by: Any) -> None:
    """End somebody's membership; removing an owner takes an owner."""
    require("members.remove", by=by, tenant=membership.tenant)
    with transaction.atomic():
        locked = _lock(membership)
        if locked.role == Role.OWNER:
            require("members.make_owner", by=by, tenant=locked.tenant)
        _end(locked, "member.removed", by)


def leave(*, tenant: Tenant, by: User) -> None:
    """End one's own membership."""
    require("workspace.view", by=by, tenant=tenant)
    with transaction.atomic():
        locked = _lock(Membership.objects.get(tenant=tenant, user=by))
        _end(locked, "member.left", by)


def _end(locked: Membership, action: str, by: Any) -> None:
    if locked.role == Role.OWNER:
        _keep_an_owner(locked)
    _record(action, locked, by, {"role": locked.role})
    locked.delete()


def _lock(membership: Membership) -> Membership:
    """The membership as it is now; changes in one workspace queue on its row until commit."""
    Tenant.objects.select_for_update(no_key=True).get(pk=membership.tenant_id)
    found = Membership.objects.select_related("user", "tenant").filter(pk=membership.pk).first()
    if found is None:
        raise NotFound("This person is no longer a member.")
    return found


def _keep_an_owner(locked: Membership) -> None:
    others = locked.tenant.memberships.owners().filter(user__is_active=True).exclude(pk=locked.pk)
    if not others.exists():
        raise LastOwner(
            f"{locked.user} is the only owner of {locked.tenant}. Make somebody else owner first."
        )


def _record(action: str, membership: Membership, by: Any, data: dict[str, str]) -> None:
    audit.record(
        action=action,
        by=by,
        schema_name=membership.tenant.schema_name,
        target=membership.user,
        data=data,
    )
