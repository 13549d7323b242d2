"""Who belongs to a workspace, and as what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.tenants import roles
from apps.tenants.access import require
from apps.tenants.errors import LastOwner
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.signals import membership_ended, seats_wanted


def find(*, tenant: Tenant, membership_id: UUID) -> Membership:
    """Raises `NotFound` for another workspace's membership as for none."""
    found = Membership.objects.select_related("user", "tenant", "custom_role").filter(
        tenant=tenant, pk=membership_id
    )
    membership = found.first()
    if membership is None:
        raise NotFound("There is no such member in this workspace.")
    return membership


def change_role(*, membership: Membership, role: str, by: Any) -> Membership:
    """Give a member another role: a built-in one's name or a custom one's key. Only owners make
    or unmake owners; the last one stays. Nobody gives or takes a role beyond their own
    (`RoleBeyondReach`). Raises `LimitReached` where all seats for staff are taken.
    """
    require("members.update", by=by, tenant=membership.tenant)
    wanted = roles.choose(tenant=membership.tenant, key=role)
    with transaction.atomic():
        locked = _lock(membership)
        if wanted.key != Role.STUDENT and not locked.user.is_reachable:
            raise Invalid(errors={"role": [f"{locked.user} has no e-mail and stays a student."]})
        _require_hold(wanted, roles.held_by(locked), by=by, tenant=locked.tenant)
        if wanted.is_of(locked):
            return locked
        before = locked.role_key
        if locked.role == Role.OWNER:
            _keep_an_owner(locked)
        want_staff(locked, becoming=wanted)
        wanted.give_to(locked)
        locked.save(update_fields=["role", "custom_role"])
        _record("member.role_changed", locked, by, {"before": before, "after": wanted.key})
    return locked


def want_staff(*members: Membership, becoming: roles.Choice) -> None:
    """A seat for each who is to be staff by that role and was not; the suspended take none until
    they come in again. Raises `LimitReached`.
    """
    new = [one for one in members if not one.is_staff and one.suspended_at is None]
    if new and becoming.is_staff:
        seats_wanted.send(sender=Tenant, tenant=new[0].tenant, adding=0, staff=len(new))


def remove(*, membership: Membership, by: Any) -> None:
    """End somebody's membership; removing an owner takes an owner."""
    require("members.remove", by=by, tenant=membership.tenant)
    with transaction.atomic():
        locked = _lock(membership)
        _require_hold(roles.held_by(locked), by=by, tenant=locked.tenant)
        _end(locked, "member.removed", by)


def _require_hold(*choices: roles.Choice, by: Any, tenant: Tenant) -> None:
    if any(one.role == Role.OWNER for one in choices):
        require("members.make_owner", by=by, tenant=tenant)
    roles.require_reach(*choices, by=by, tenant=tenant)


def leave(*, tenant: Tenant, by: User) -> None:
    """End one's own membership."""
    require("workspace.view", by=by, tenant=tenant)
    with transaction.atomic():
        locked = _lock(Membership.objects.get(tenant=tenant, user=by))
        if not locked.user.is_reachable:
            raise NotAllowed("Your teacher looks after your account. Ask them.")
        _end(locked, "member.left", by)


def end(*, membership: Membership, by: Any) -> None:
    """As `remove`, for services of upper floors that have asked for a permission of their own."""
    with transaction.atomic():
        _end(_lock(membership), "member.removed", by)


def suspend(*, membership: Membership, by: Any) -> Membership:
    """Close the workspace to somebody who keeps role and classes. Owners are never suspended."""
    require("members.update", by=by, tenant=membership.tenant)
    return _set_suspended(membership, by, suspended=True)


def resume(*, membership: Membership, by: Any) -> Membership:
    """Let somebody in again; raises `LimitReached` when their seat has been given away."""
    require("members.update", by=by, tenant=membership.tenant)
    return _set_suspended(membership, by, suspended=False)


def _set_suspended(membership: Membership, by: Any, *, suspended: bool) -> Membership:
    with transaction.atomic():
        locked = _lock(membership)
        if (locked.suspended_at is not None) == suspended:
            return locked
        if locked.role == Role.OWNER:
            raise NotAllowed("An owner is not suspended. Have another owner change the role first.")
        if locked.user_id == getattr(by, "pk", None):
            raise NotAllowed("Nobody suspends themselves.")
        roles.require_reach(roles.held_by(locked), by=by, tenant=locked.tenant)
        if not suspended:
            staff = int(locked.is_staff)
            seats_wanted.send(sender=Tenant, tenant=locked.tenant, adding=1, staff=staff)
        locked.suspended_at = timezone.now() if suspended else None
        locked.save(update_fields=["suspended_at"])
        _record(f"member.{'suspended' if suspended else 'resumed'}", locked, by, {})
    return locked


def _end(locked: Membership, action: str, by: Any) -> None:
    if locked.role == Role.OWNER:
        _keep_an_owner(locked)
    _record(action, locked, by, {"role": locked.role_key})
    membership_ended.send(sender=Membership, membership=locked, by=by)
    locked.delete()
    if not locked.user.is_reachable:  # nobody could ever sign in to this account again
        locked.user.delete()


def _lock(membership: Membership) -> Membership:
    """The membership as it is now; changes in one workspace queue on its row until commit."""
    Tenant.objects.select_for_update(no_key=True).get(pk=membership.tenant_id)
    rows = Membership.objects.select_related("user", "tenant", "custom_role")
    found = rows.filter(pk=membership.pk).first()
    if found is None:
        raise NotFound("This person is no longer a member.")
    return found


def _keep_an_owner(locked: Membership) -> None:
    others = locked.tenant.memberships.owners().filter(user__is_active=True).exclude(pk=locked.pk)
    if not others.exists():
        raise LastOwner(
            f"{locked.user} is the only owner of {locked.tenant}. Hand it over first, under "
            "Settings, Ownership, or make somebody else owner."
        )


def _record(action: str, membership: Membership, by: Any, data: dict[str, str]) -> None:
    audit.record(
        action=action,
        by=by,
        schema_name=membership.tenant.schema_name,
        target=membership.user,
        data=data,
    )
