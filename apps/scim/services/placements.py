"""What users get because of their groups, and lose with them: a role, places in classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.classes.models import ClassPupil, SchoolClass
from apps.classes.services import classes, pupils
from apps.core.errors import NotFound
from apps.scim.models import Provisioning, ScimUser
from apps.tenants import roles
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import memberships


def default_role(tenant: Tenant) -> str:
    row = Provisioning.objects.filter(tenant=tenant).first()
    return row.default_role if row else str(Role.STUDENT)


def settle(*, row: ScimUser, by: Any) -> None:
    """Bring role and classes of a linked user in line with the groups. Owners are left alone."""
    membership = membership_of(row)
    if membership is None or membership.role == Role.OWNER:
        return
    membership = _settle_role(row, membership, by)
    _settle_places(row, membership, by)
    row.save(update_fields=["role_given", "places_given"])


def membership_of(row: ScimUser) -> Membership | None:
    if row.user_id is None:
        return None
    rows = Membership.objects.filter(user=row.user_id, tenant=row.tenant_id)
    return rows.select_related("user", "tenant", "custom_role").first()


def _settle_role(row: ScimUser, membership: Membership, by: Any) -> Membership:
    wanted = _wanted_role(row)
    if not wanted and row.role_given and membership.role_key == row.role_given:
        wanted = default_role(row.tenant)  # the group that gave it does not any more
        row.role_given = ""
    elif wanted:
        row.role_given = wanted
    if not wanted or membership.role_key == wanted:
        return membership
    return memberships.change_role(membership=membership, role=wanted, by=by)


def _wanted_role(row: ScimUser) -> str:
    """The one that holds most, of those that the user's groups give."""
    keys = set(row.scim_groups.exclude(role="").values_list("role", flat=True))
    if not keys:
        return ""
    known = [one for one in roles.of(tenant=row.tenant) if one.key in keys]
    return max(known, key=lambda one: len(one.permissions)).key if known else ""


def _settle_places(row: ScimUser, membership: Membership, by: Any) -> None:
    kind = "pupil" if membership.role == Role.STUDENT else "teacher"
    mapped = row.scim_groups.exclude(class_id=None).values_list("class_id", flat=True)
    with row.tenant:
        open_ones = SchoolClass.objects.open().filter(pk__in=list(mapped))
        wanted = {f"{kind}:{pk}" for pk in open_ones.values_list("pk", flat=True)}
        for place in set(row.places_given) - wanted:
            _take(row, place, by)
        for place in wanted - set(row.places_given):
            _give(row, place, by)
    row.places_given = sorted(wanted)


def _give(row: ScimUser, place: str, by: Any) -> None:
    kind, _, class_id = place.partition(":")
    school_class = classes.find(class_id=class_id, by=by)
    user_id = row.user_id
    if user_id is None:
        return
    if kind == "pupil":
        pupils.enrol(school_class=school_class, user_id=user_id, by=by)
    else:
        classes.add_teacher(school_class=school_class, user_id=user_id, by=by)


def _take(row: ScimUser, place: str, by: Any) -> None:
    """A place that somebody else has ended already is no matter."""
    kind, _, class_id = place.partition(":")
    school_class = SchoolClass.objects.filter(pk=UUID(class_id)).first()
    if school_class is None:
        return
    if kind == "pupil":
        rows = ClassPupil.objects.filter(school_class=school_class, user=row.user_id)
        for found in rows.select_related("user", "school_class"):
            pupils.remove(place=found, by=by)
        return
    try:
        classes.remove_teacher(school_class=school_class, user_id=row.user_id or "", by=by)
    except NotFound:
        return


def settle_all(*, rows: Iterable[ScimUser], by: Any) -> None:
    for row in rows:
        settle(row=row, by=by)
