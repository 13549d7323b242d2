"""Users whom an identity provider sends.

Whoever is a member already is linked. Whoever is not becomes one at once when the workspace has
verified the domain of their address, whether they have an account elsewhere or none; else they are
invited and decide themselves. Owners are linked and never changed. `active: false` suspends the
membership; deleting ends it. No person is ever deleted, and only accounts that were made here take
on a new name.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.audit.services import entries as audit
from apps.scim import errors
from apps.scim.documents import UserValues
from apps.scim.models import ScimUser
from apps.scim.services import placements
from apps.tenants import roles
from apps.tenants.access import Provisioner
from apps.tenants.models import Domain, Invitation, Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import invitations, memberships
from apps.tenants.signals import seats_wanted

FIELDS = (
    "user_name", "email", "external_id", "given_name", "family_name", "display_name", "active",
)  # fmt: skip


def of(tenant: Tenant) -> QuerySet[ScimUser]:
    return ScimUser.objects.filter(tenant=tenant).prefetch_related("scim_groups")


def find(*, tenant: Tenant, resource_id: UUID | str) -> ScimUser:
    try:
        found = of(tenant).select_related("user").filter(pk=UUID(str(resource_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise errors.absent("user", resource_id)
    found.tenant = tenant
    return found


def create(*, tenant: Tenant, values: UserValues, by: Provisioner) -> ScimUser:
    """Raises `ScimError` (409 for a user name in use), `LimitReached`."""
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        row = ScimUser(tenant=tenant, **_fields(values))
        _save(row)
        _link(row, by)
        _save(row)
        _follow_active(row, by)
        placements.settle(row=row, by=by)
        _record("scim_user.created", row, by)
    return find(tenant=tenant, resource_id=row.pk)


def change(*, row: ScimUser, values: UserValues, by: Provisioner) -> ScimUser:
    """Take on what PUT or PATCH leave."""
    with transaction.atomic():
        locked = _lock(row)
        before = {name: getattr(locked, name) for name in FIELDS}
        for name, value in _fields(values).items():
            setattr(locked, name, value)
        changed = sorted(name for name in FIELDS if before[name] != getattr(locked, name))
        if changed:
            _refuse_for_owner(locked, changed)
            locked.updated_at = timezone.now()
            _save(locked)
            _follow_names(locked, str(before["email"]))
            _follow_active(locked, by)
            _record("scim_user.changed", locked, by, changed=changed)
    return find(tenant=row.tenant, resource_id=row.pk)


def delete(*, row: ScimUser, by: Provisioner) -> None:
    """Membership or invitation end; the person stays."""
    with transaction.atomic():
        locked = _lock(row)
        membership = placements.membership_of(locked)
        if membership is not None:
            if membership.role == Role.OWNER:
                raise _owner(membership)
            memberships.remove(membership=membership, by=by)
        elif invitation := _invitation(locked):
            invitations.revoke(invitation=invitation, by=by)
        _record("scim_user.deleted", locked, by)
        locked.delete()


def welcome(*, row: ScimUser, membership: Membership, by: Provisioner) -> None:
    """The invited person has joined."""
    row.user, row.updated_at = membership.user, timezone.now()
    _save(row)
    _follow_active(row, by)
    placements.settle(row=row, by=by)


def is_verified(*, tenant: Tenant, email: str) -> bool:
    """Whether the workspace has shown that the address' domain, or one above it, is its own."""
    domain = email.rpartition("@")[2].lower()
    own = Domain.objects.live().custom().filter(tenant=tenant, missing_since=None)
    names = own.values_list("domain", flat=True)
    return any(domain == name or domain.endswith(f".{name}") for name in names)


def _link(row: ScimUser, by: Provisioner) -> None:
    """To a member, to an account by its verified domain, or to whoever accepts an invitation."""
    tenant = row.tenant
    person = User.objects.filter(email__iexact=row.email).first()
    if person and ScimUser.objects.filter(tenant=tenant, user=person).exists():
        raise errors.taken(f"Another user is linked to {row.email}.")
    if person and Membership.objects.filter(user=person, tenant=tenant).exists():
        row.user = person
        return
    if not is_verified(tenant=tenant, email=row.email):
        _invite(row, by)
        return
    if person is None:
        person = User.objects.create_user(row.email, None, name=row.full_name)
        emails.mark_verified(user=person)
        row.is_managed = True
    membership = Membership(user=person, tenant=tenant)
    roles.choose(tenant=tenant, key=placements.default_role(tenant)).give_to(membership)
    staff = int(membership.is_staff)
    seats_wanted.send(sender=Tenant, tenant=tenant, adding=1, staff=staff)
    membership.save(force_insert=True)
    row.user = person


def _invite(row: ScimUser, by: Provisioner) -> None:
    if row.active and _invitation(row) is None:
        role = placements.default_role(row.tenant)
        invitations.send(tenant=row.tenant, email=row.email, role=role, by=by)


def _invitation(row: ScimUser) -> Invitation | None:
    found = Invitation.objects.open().filter(tenant=row.tenant, email__iexact=row.email)
    return found.select_related("tenant", "custom_role").first()


def _follow_active(row: ScimUser, by: Provisioner) -> None:
    membership = placements.membership_of(row)
    if membership is None:
        if row.active and row.user_id is None:
            _invite(row, by)
        elif invitation := _invitation(row):
            invitations.revoke(invitation=invitation, by=by)
    elif membership.role != Role.OWNER:
        set_to = memberships.resume if row.active else memberships.suspend
        set_to(membership=membership, by=by)
    elif not row.active:
        raise _owner(membership)


def _follow_names(row: ScimUser, former_email: str) -> None:
    """An account that was made here, and belongs nowhere else, is called what the provider says.
    Its address follows within the domains that the workspace has verified.
    """
    person = row.user
    if person is None or not row.is_managed:
        return
    if person.memberships.exclude(tenant=row.tenant).exists():
        return
    person.name = row.full_name or person.name
    if row.email != former_email and person.email.lower() == former_email.lower():
        _rename(row, person)
    person.save(update_fields=["name", "email"])


def _rename(row: ScimUser, person: User) -> None:
    if not is_verified(tenant=row.tenant, email=row.email):
        raise errors.invalid_value(f"The domain of {row.email} is not verified here.")
    if User.objects.filter(email__iexact=row.email).exclude(pk=person.pk).exists():
        raise errors.taken(f"{row.email} belongs to another account.")
    emails.replace(user=person, email=row.email)


def _refuse_for_owner(row: ScimUser, changed: list[str]) -> None:
    membership = placements.membership_of(row)
    if membership and membership.role == Role.OWNER and "active" in changed and not row.active:
        raise _owner(membership)


def _owner(membership: Membership) -> errors.ScimError:
    return errors.ScimError(
        f"{membership.user} owns the workspace: owners are not managed by the identity provider.",
        status=403,
    )


def _fields(values: UserValues) -> dict[str, Any]:
    return {name: getattr(values, name) for name in FIELDS}


def _lock(row: ScimUser) -> ScimUser:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=row.tenant_id)
    return find(tenant=tenant, resource_id=row.pk)


def _save(row: ScimUser) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise errors.taken(f"There is a user {row.user_name} already.") from error


def _record(action: str, row: ScimUser, by: Any, **data: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=row.tenant.schema_name, target=row,
        data={"email": row.email, **data},
    )  # fmt: skip
