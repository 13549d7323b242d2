"""Groups whom an identity provider sends, and what the owner maps them to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.classes.models import SchoolClass
from apps.core.errors import Invalid, NotFound
from apps.scim import errors
from apps.scim.models import Provisioning, ScimGroup, ScimUser
from apps.scim.services import placements
from apps.scim.services.tokens import UPDATE
from apps.tenants import roles
from apps.tenants.access import Provisioner, require
from apps.tenants.models import Tenant
from apps.tenants.permissions import Role

MOST_MEMBERS = 10_000


def of(tenant: Tenant, *, with_members: bool = True) -> QuerySet[ScimGroup]:
    rows = ScimGroup.objects.filter(tenant=tenant)
    return rows.prefetch_related("members") if with_members else rows


def find(*, tenant: Tenant, resource_id: UUID | str) -> ScimGroup:
    try:
        found = of(tenant).filter(pk=UUID(str(resource_id))).first()
    except ValueError:
        found = None
    if found is None:
        raise errors.absent("group", resource_id)
    found.tenant = tenant
    return found


def create(
    *, tenant: Tenant, name: str, external_id: str, members: list[UUID] | None, by: Provisioner
) -> ScimGroup:
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        row = ScimGroup(tenant=tenant, display_name=name, external_id=external_id)
        _save(row)
        _set_members(row, members or [], by)
        _record("scim_group.created", row, by)
    return find(tenant=tenant, resource_id=row.pk)


def change(
    *, row: ScimGroup, name: str, external_id: str, members: list[UUID] | None, by: Provisioner
) -> ScimGroup:
    """Take on what PUT or PATCH leave; members that are left out stay."""
    with transaction.atomic():
        locked = _lock(row)
        locked.display_name, locked.external_id = name, external_id
        locked.updated_at = timezone.now()
        _save(locked)
        if members is not None:
            _set_members(locked, members, by)
        _record("scim_group.changed", locked, by)
    return find(tenant=row.tenant, resource_id=row.pk)


def delete(*, row: ScimGroup, by: Provisioner) -> None:
    """Its members lose what they had because of it."""
    with transaction.atomic():
        locked = _lock(row)
        members = _linked(locked.members.all(), locked.tenant)
        _record("scim_group.deleted", locked, by)
        locked.delete()
        placements.settle_all(rows=members, by=by)


def map_to(*, row: ScimGroup, role: str, class_id: UUID | None, by: Any) -> ScimGroup:
    """What members of the group get: a role (its key; empty for none, never owner) and a place in
    a class. Takes effect at once. Raises `Invalid`, `RoleBeyondReach`.
    """
    tenant = row.tenant
    require(UPDATE, by=by, tenant=tenant)
    if role:
        _check_role(role, tenant, by)
    with tenant:
        if class_id and not SchoolClass.objects.open().filter(pk=class_id).exists():
            raise Invalid(errors={"class_id": ["Choose an open class of this workspace."]})
    with transaction.atomic():
        locked = _lock(row)
        locked.role, locked.class_id = role, class_id
        locked.save(update_fields=["role", "class_id"])
        placements.settle_all(
            rows=_linked(locked.members.all(), tenant), by=Provisioner(tenant, "group mapping")
        )
        _record("scim_group.mapped", locked, by, role=role, school_class=str(class_id or ""))
    return locked


def set_default_role(*, tenant: Tenant, role: str, by: Any) -> Provisioning:
    """Of people who come from now on. Never owner or guardian."""
    require(UPDATE, by=by, tenant=tenant)
    _check_role(role, tenant, by)
    with transaction.atomic():
        row, _ = Provisioning.objects.update_or_create(
            tenant=tenant, defaults={"default_role": role}
        )
        audit.record(
            action="provisioning.changed", by=by, schema_name=tenant.schema_name, target=tenant,
            data={"default_role": role},
        )  # fmt: skip
    return row


def find_mapped(*, tenant: Tenant, group_id: UUID) -> ScimGroup:
    """As `find`, for pages."""
    found = of(tenant).filter(pk=group_id).select_related("tenant").first()
    if found is None:
        raise NotFound("There is no such group in this workspace.")
    return found


def _check_role(role: str, tenant: Tenant, by: Any) -> None:
    chosen = roles.choose(tenant=tenant, key=role)
    if chosen.role in {Role.OWNER, Role.GUARDIAN}:
        raise Invalid(errors={"role": ["Neither owners nor guardians come from a group."]})
    roles.require_reach(chosen, by=by, tenant=tenant)


def _set_members(row: ScimGroup, wanted: list[UUID], by: Provisioner) -> None:
    if len(wanted) > MOST_MEMBERS:
        raise errors.invalid_value(f"A group has at most {MOST_MEMBERS} members.")
    known = set(
        ScimUser.objects.filter(tenant=row.tenant, pk__in=wanted).values_list("pk", flat=True)
    )
    if unknown := set(wanted) - known:
        raise errors.invalid_value(f"There is no user {min(unknown)} in this workspace.")
    before = set(row.members.values_list("pk", flat=True))
    row.members.set(known)
    if moved := before ^ known:
        ScimUser.objects.filter(pk__in=moved).update(updated_at=timezone.now())
        rows = ScimUser.objects.filter(pk__in=moved)
        placements.settle_all(rows=_linked(rows, row.tenant), by=by)


def _linked(rows: QuerySet[ScimUser], tenant: Tenant) -> list[ScimUser]:
    found = list(rows.filter(user__isnull=False).select_related("user"))
    for each in found:
        each.tenant = tenant
    return found


def _lock(row: ScimGroup) -> ScimGroup:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=row.tenant_id)
    return find(tenant=tenant, resource_id=row.pk)


def _save(row: ScimGroup) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise errors.taken(f"There is a group {row.display_name} already.") from error


def _record(action: str, row: ScimGroup, by: Any, **data: Any) -> None:
    audit.record(action=action, by=by, schema_name=row.tenant.schema_name, target=row, data=data)
