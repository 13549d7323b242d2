"""Classes: made, renamed, paused, archived, and who teaches them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.classes.errors import ClassArchived, ClassNameTaken
from apps.classes.models import ClassTeacher, SchoolClass, new_code
from apps.core.actors import label_of
from apps.core.database import connection
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.tenants.access import permissions_of, require
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role
from apps.usage.plans import CLASSES
from apps.usage.services import limits

ALL = "classes.manage_all"


def count() -> int:
    """Open classes of the present workspace."""
    return SchoolClass.objects.open().count()


def visible(*, by: Any) -> QuerySet[SchoolClass]:
    """A teacher's own classes; all of them for the system and who holds `classes.manage_all`."""
    if by is None or ALL in permissions_of(by):
        return SchoolClass.objects.all()
    return SchoolClass.objects.taught_by(by.pk)


def find(*, class_id: UUID | str, by: Any) -> SchoolClass:
    """Raises `NotFound` for a class that is not the actor's as for none."""
    found = visible(by=by).filter(pk=class_id).first()
    if found is None:
        raise NotFound("There is no such class among yours.")
    return found


def require_class(permission: str, *, school_class: SchoolClass, by: Any) -> None:
    """As `tenants.access.require`, and the class must be one of the actor's."""
    require(permission, by=by)
    if not visible(by=by).filter(pk=school_class.pk).exists():
        raise NotAllowed(f"{school_class} is taught by others.")


def create(*, name: str, by: Any) -> SchoolClass:
    """Whoever makes a class teaches it, unless it is a program. Raises `Invalid`,
    `ClassNameTaken`, `LimitReached`.
    """
    require("classes.create", by=by)
    made = SchoolClass(
        name=_name(name),
        created_by_id=by.pk if by else None,
        created_by_label=label_of(by),
    )
    with transaction.atomic():
        limits.require(CLASSES)
        _save(made)
        if isinstance(by, User):
            ClassTeacher.objects.create(school_class=made, user=by)
        audit.record(action="class.created", by=by, target=made)
    return made


def rename(*, school_class: SchoolClass, name: str, by: Any) -> SchoolClass:
    require_class("classes.update", school_class=school_class, by=by)
    with transaction.atomic():
        locked = _lock(school_class)
        locked.name = _name(name)
        _save(locked)
        audit.record(action="class.renamed", by=by, target=locked)
    return locked


def renew_code(*, school_class: SchoolClass, by: Any) -> SchoolClass:
    """Another code; the earlier one opens nothing any more. Badges and pictures stay."""
    require_class("classes.update", school_class=school_class, by=by)
    with transaction.atomic():
        locked = _lock_open(school_class)
        locked.code = new_code()
        locked.save(update_fields=["code"])
        audit.record(action="class.code_renewed", by=by, target=locked)
    return locked


def set_paused(*, school_class: SchoolClass, paused: bool, by: Any) -> SchoolClass:
    """While a class is paused none of its pupils can sign in through it: no code, no badge."""
    require_class("classes.update", school_class=school_class, by=by)
    with transaction.atomic():
        locked = _lock_open(school_class)
        if locked.is_paused != paused:
            locked.paused_at = timezone.now() if paused else None
            locked.save(update_fields=["paused_at"])
            action = "class.paused" if paused else "class.opened"
            audit.record(action=action, by=by, target=locked)
    return locked


def set_archived(*, school_class: SchoolClass, archived: bool, by: Any) -> SchoolClass:
    """An archived class keeps its people and is closed to sign-in; it counts for no limit."""
    require_class("classes.archive", school_class=school_class, by=by)
    with transaction.atomic():
        locked = _lock(school_class)
        if locked.is_open == archived:
            if not archived:
                limits.require(CLASSES)
            locked.archived_at = timezone.now() if archived else None
            _save(locked)
            action = "class.archived" if archived else "class.restored"
            audit.record(action=action, by=by, target=locked)
    return locked


def add_teacher(*, school_class: SchoolClass, user_id: UUID | str, by: Any) -> ClassTeacher:
    """Only members who can teach: not students, not guardians."""
    require_class("classes.update", school_class=school_class, by=by)
    membership = teaching_members().filter(user_id=user_id).first()
    if membership is None:
        raise Invalid(errors={"teacher": ["Choose a teacher of this workspace."]})
    with transaction.atomic():
        found, made = ClassTeacher.objects.get_or_create(
            school_class=school_class, user=membership.user
        )
        if made:
            _record("class.teacher_added", school_class, membership.user, by)
    return found


def remove_teacher(*, school_class: SchoolClass, user_id: UUID | str, by: Any) -> None:
    """A class may be left without a teacher; whoever manages all classes still has it."""
    require_class("classes.update", school_class=school_class, by=by)
    row = ClassTeacher.objects.filter(school_class=school_class, user_id=user_id)
    with transaction.atomic():
        found = row.select_related("user").first()
        if found is None:
            raise NotFound("This person does not teach this class.")
        found.delete()
        _record("class.teacher_removed", school_class, found.user, by)


def teaching_members() -> QuerySet[Membership]:
    members = Membership.objects.in_force().filter(tenant__schema_name=connection.schema_name)
    return (
        members.exclude(role__in=[Role.STUDENT, Role.GUARDIAN])
        .select_related("user")
        .order_by("user__name")
    )


def workspace() -> Tenant:
    """The workspace whose classes these are."""
    found: Tenant = Tenant.objects.get(schema_name=connection.schema_name)
    return found


def _name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > SchoolClass._meta.get_field("name").max_length:  # type: ignore[operator]
        raise Invalid(errors={"name": ["Give the class a name of at most 80 characters."]})
    return cleaned


def _save(school_class: SchoolClass) -> None:
    try:
        with transaction.atomic():
            school_class.save()
    except IntegrityError as error:
        raise ClassNameTaken(
            f"There is an open class called {school_class.name} already. Choose another name."
        ) from error


def _lock(school_class: SchoolClass) -> SchoolClass:
    return SchoolClass.objects.select_for_update().get(pk=school_class.pk)


def _lock_open(school_class: SchoolClass) -> SchoolClass:
    locked = _lock(school_class)
    if not locked.is_open:
        raise ClassArchived(f"{locked} is archived. Take it out of the archive first.")
    return locked


def _record(action: str, school_class: SchoolClass, user: User, by: Any) -> None:
    audit.record(action=action, by=by, target=school_class, data={"person": str(user)})
