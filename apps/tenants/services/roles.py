"""Roles that a workspace makes of permissions, for its own people."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants import roles
from apps.tenants.access import require
from apps.tenants.errors import RoleChanged, RoleInUse
from apps.tenants.models import CustomRole, Invitation, InvitationLink, Membership, Tenant
from apps.tenants.people_models import BASES
from apps.tenants.permissions import DECLARED, OWNERS_ALONE, Role
from apps.tenants.roles import Choice
from apps.tenants.services import memberships
from apps.tenants.signals import feature_wanted

MOST_ROLES = 50
MOST_NAME, MOST_TEXT = 60, 200
# Without it nobody comes in.
ALWAYS = frozenset({"workspace.view"})


def create(
    *,
    tenant: Tenant,
    name: str,
    based_on: str,
    permissions: Collection[str],
    by: Any,
    description: str = "",
) -> CustomRole:
    """Make a role. Raises `Invalid`, and `RoleBeyondReach` for permissions that `by` does not
    hold; and what the plan has to say. What it takes to come in is always included.
    """
    require("roles.create", by=by, tenant=tenant)
    held = _check(tenant, name, description, permissions, based_on=based_on)
    made = CustomRole(
        tenant=tenant, key=_key(tenant, name), name=name.strip(), based_on=based_on,
        description=description.strip(), permissions=sorted(held),
    )  # fmt: skip
    roles.require_reach(roles.as_choice(made), by=by, tenant=tenant)
    feature_wanted.send(sender=Tenant, tenant=tenant, feature="custom_roles")
    with _once(name), transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if CustomRole.objects.filter(tenant=tenant).count() >= MOST_ROLES:
            raise Invalid(errors={"name": [f"A workspace has {MOST_ROLES} roles at most."]})
        made.save(force_insert=True)
        _record("role.created", made, by, {"permissions": made.permissions, "based_on": based_on})
    return made


def change(
    *,
    role: CustomRole,
    by: Any,
    name: str | None = None,
    description: str | None = None,
    permissions: Collection[str] | None = None,
    version: int | None = None,
) -> CustomRole:
    """Change what is given, for everybody who has the role, at once. `version` is the one that
    was read. Raises `RoleChanged` when it is another by now, `Invalid`, `RoleBeyondReach`.
    """
    require("roles.update", by=by, tenant=role.tenant)
    with _once(name or role.name), transaction.atomic():
        locked = _lock(role)
        if version is not None and version != locked.version:
            raise RoleChanged(f"{locked} has changed since you read it.", version=locked.version)
        before = roles.as_choice(locked), set(locked.permissions)
        held = locked.granted if permissions is None else permissions
        locked.name = locked.name if name is None else name.strip()
        locked.description = locked.description if description is None else description.strip()
        wanted = _check(locked.tenant, locked.name, locked.description, held, but=locked)
        later = set(locked.permissions) - set(DECLARED)  # a newer release's, which knows them
        locked.permissions = sorted(wanted | later)
        roles.require_reach(before[0], roles.as_choice(locked), by=by, tenant=locked.tenant)
        locked.version, locked.changed_at = locked.version + 1, timezone.now()
        locked.save()
        _record("role.changed", locked, by, _difference(before[1], wanted))
    return locked


def delete(*, role: CustomRole, by: Any, replacement: str = "") -> int:
    """Delete a role; its people and open invitations get the role `replacement` instead. Returns
    how many people that were. Raises `RoleInUse` when there are some and none is named.
    """
    require("roles.delete", by=by, tenant=role.tenant)
    with transaction.atomic():
        locked = _lock(role)
        roles.require_reach(roles.as_choice(locked), by=by, tenant=locked.tenant)
        people = list(locked.memberships.select_related("user", "custom_role", "tenant"))
        instead = _instead(locked, replacement, by, wanted=bool(people) or _is_promised(locked))
        memberships.want_staff(*people, becoming=instead)
        for membership in people:
            instead.give_to(membership)
            membership.save(update_fields=["role", "custom_role"])
        for model in (Invitation, InvitationLink):
            model.objects.filter(custom_role=locked).update(
                role=instead.role, custom_role=instead.custom
            )
        told = {"replacement": instead.key, "people": [str(m.user.email) for m in people]}
        _record("role.deleted", locked, by, told)
        locked.delete()
    return len(people)


def find(*, tenant: Tenant, key: str) -> CustomRole:
    """Raises `NotFound` for another workspace's role as for none."""
    own = CustomRole.objects.filter(tenant=tenant).select_related("tenant")
    found = own.filter(key=key).first()
    if found is None:
        raise NotFound("There is no such role in this workspace.")
    return found


def used(*, tenant: Tenant) -> dict[str, int]:
    """How many people have which role, by its key; one query."""
    counts: dict[str, int] = {}
    members = Membership.objects.filter(tenant=tenant).select_related("custom_role")
    for membership in members.only("role", "custom_role__key"):
        counts[membership.role_key] = counts.get(membership.role_key, 0) + 1
    return counts


def _instead(locked: CustomRole, replacement: str, by: Any, *, wanted: bool) -> Choice:
    if not wanted and not replacement:
        return roles.choose(tenant=locked.tenant, key=locked.based_on)
    if not replacement:
        raise RoleInUse(f"People or invitations have the role {locked}. Say what they get instead.")
    found = roles.choose(tenant=locked.tenant, key=replacement)
    if found.key == locked.key or found.role == Role.OWNER:
        raise Invalid(errors={"replacement": ["Choose another role, and not owner."]})
    roles.require_reach(found, by=by, tenant=locked.tenant)
    return found


def _is_promised(role: CustomRole) -> bool:
    return (
        Invitation.objects.open().filter(custom_role=role).exists()
        or InvitationLink.objects.open().filter(custom_role=role).exists()
    )


def _lock(role: CustomRole) -> CustomRole:
    Tenant.objects.select_for_update(no_key=True).get(pk=role.tenant_id)
    found = CustomRole.objects.select_related("tenant").filter(pk=role.pk).first()
    if found is None:
        raise NotFound("This role was deleted in the meantime.")
    return found


def _check(
    tenant: Tenant,
    name: str,
    description: str,
    permissions: Collection[str],
    *,
    based_on: str | None = None,
    but: CustomRole | None = None,
) -> frozenset[str]:
    errors: dict[str, list[str]] = {}
    if problem := _name_problem(tenant, name.strip(), but):
        errors["name"] = [problem]
    if len(description.strip()) > MOST_TEXT or not description.isprintable():
        errors["description"] = [f"Write {MOST_TEXT} characters at most, on one line."]
    if based_on is not None and based_on not in dict(BASES):
        errors["based_on"] = [f"Choose one of: {', '.join(dict(BASES))}."]
    if unknown := sorted(set(permissions) - set(DECLARED)):
        errors["permissions"] = [f"There is no permission {name}." for name in unknown]
    elif alone := sorted(OWNERS_ALONE & set(permissions)):
        errors["permissions"] = [f"{', '.join(alone)} is for owners alone."]
    if errors:
        raise Invalid(errors=errors)
    return frozenset(permissions) | ALWAYS


def _name_problem(tenant: Tenant, name: str, but: CustomRole | None) -> str:
    if not name or not name.isprintable() or len(name) > MOST_NAME:
        return f"Give it a name of {MOST_NAME} characters at most."
    if name.lower() in {label.lower() for label in Role.labels}:
        return f"{name} is a role that comes with the product. Choose another name."
    same = CustomRole.objects.filter(tenant=tenant, name__iexact=name)
    if (same.exclude(pk=but.pk) if but else same).exists():
        return f"There is a role {name} already."
    return ""


def _key(tenant: Tenant, name: str) -> str:
    """Made of the name, and free."""
    start = slugify(name)[:34] or "role"
    taken = {*Role.values, *tenant.custom_roles.values_list("key", flat=True)}
    number, key = 1, start
    while key in taken:
        number, key = number + 1, f"{start}-{number + 1}"
    return key


def _difference(before: set[str], after: frozenset[str]) -> dict[str, Any]:
    return {"added": sorted(after - before), "removed": sorted(before - after)}


def _record(action: str, role: CustomRole, by: Any, data: dict[str, Any]) -> None:
    audit.record(
        action=action, by=by, schema_name=role.tenant.schema_name, target=role,
        data={"key": role.key, **data},
    )  # fmt: skip


@contextmanager
def _once(name: str) -> Iterator[None]:
    """Two at once with the same name: the second hears what it would have heard later."""
    try:
        yield
    except IntegrityError as error:
        raise Invalid(errors={"name": [f"There is a role {name} already."]}) from error
