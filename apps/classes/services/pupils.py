"""Pupils: students whom teachers look after. They have no e-mail and no password."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import sessions
from apps.audit.services import entries as audit
from apps.classes.errors import ClassArchived
from apps.classes.models import ClassPupil, Pupil, SchoolClass, new_nonce
from apps.classes.services import classes
from apps.classes.services.classes import require_class
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.tenants.access import require
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import memberships
from apps.tenants.signals import seats_wanted

NAME_LENGTH = 120
MOST_AT_ONCE = 100
CHOOSING = timedelta(days=14)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def visible(*, by: Any) -> QuerySet[Pupil]:
    """Those in classes that the actor sees."""
    mine = classes.visible(by=by).values("pk")
    places = ClassPupil.objects.filter(school_class__in=mine).values("user_id")
    return Pupil.objects.filter(user_id__in=places).select_related("user")


def find(*, user_id: UUID | str, by: Any) -> Pupil:
    """By the person's id; raises `NotFound` for a pupil of others' classes as for none."""
    found = visible(by=by).filter(user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such pupil in your classes.")
    return found


def find_place(*, school_class: SchoolClass, user_id: UUID | str) -> ClassPupil:
    rows = ClassPupil.objects.filter(school_class=school_class, user_id=user_id)
    found = rows.select_related("user", "school_class").first()
    if found is None:
        raise NotFound("There is no such pupil in this class.")
    return found


def parse_names(text: str) -> list[str]:
    """Names as they are pasted: one a line. Numbering, bullets and empty lines are left out, and
    "Rivera, Tomás" is turned round.
    """
    names = []
    for line in text.splitlines():
        name = re.sub(r"^\s*(?:\d+[.)]|[-*•])\s*", "", line)
        last, comma, first = name.partition(",")
        name = " ".join((f"{first} {last}" if comma and first.strip() else name).split())
        if name := name.strip(" ,;"):
            names.append(name)
    return names


def add(*, school_class: SchoolClass, names: Iterable[str], by: Any) -> list[Pupil]:
    """New pupils in a class; they choose their pictures when they first come. Two may have one
    name. Raises `Invalid`, `ClassArchived`, `LimitReached`; then none is added.
    """
    require_class("pupils.create", school_class=school_class, by=by)
    cleaned = [_name(name) for name in names]
    if not 1 <= len(cleaned) <= MOST_AT_ONCE:
        raise Invalid(errors={"names": [f"Give 1 to {MOST_AT_ONCE} names, one a line."]})
    with transaction.atomic():
        _require_open(school_class)
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=classes.workspace().pk)
        seats_wanted.send(sender=Tenant, tenant=tenant, adding=len(cleaned), staff=0)
        made = [_make(tenant, school_class, name) for name in cleaned]
        for pupil in made:
            _record("pupil.added", pupil.user, by, school_class)
    return made


def enrol(*, school_class: SchoolClass, user_id: UUID | str, by: Any) -> ClassPupil:
    """Put a student of the workspace into a class; who is in already stays."""
    require_class("pupils.create", school_class=school_class, by=by)
    members = Membership.objects.filter(tenant=classes.workspace(), role=Role.STUDENT)
    membership = members.filter(user_id=user_id).select_related("user").first()
    if membership is None:
        raise Invalid(errors={"student": ["Choose a student of this workspace."]})
    with transaction.atomic():
        _require_open(school_class)
        place, made = ClassPupil.objects.get_or_create(
            school_class=school_class, user=membership.user
        )
        if made:
            _record("pupil.enrolled", membership.user, by, school_class)
    return place


def rename(*, pupil: Pupil, name: str, by: Any) -> Pupil:
    require_pupil("pupils.update", pupil=pupil, by=by)
    with transaction.atomic():
        locked = lock(pupil)
        locked.user.name = _name(name)
        locked.user.save(update_fields=["name"])
        _record("pupil.renamed", locked.user, by)
    return locked


def move(*, place: ClassPupil, to: SchoolClass, by: Any) -> ClassPupil:
    """To another of the actor's classes. Ways in and guardians come along."""
    require_class("pupils.update", school_class=place.school_class, by=by)
    require_class("pupils.update", school_class=to, by=by)
    with transaction.atomic():
        _require_open(to)
        ClassPupil.objects.filter(pk=place.pk).delete()
        moved, _ = ClassPupil.objects.get_or_create(school_class=to, user=place.user)
        _record("pupil.moved", place.user, by, to, came_from=place.school_class.name)
    return moved


def remove(*, place: ClassPupil, by: Any) -> None:
    """Out of the class. A pupil without an e-mail who is in no other class has no way in left:
    the account goes with the place.
    """
    require_class("pupils.remove", school_class=place.school_class, by=by)
    with transaction.atomic():
        ClassPupil.objects.filter(pk=place.pk).delete()
        _record("pupil.removed", place.user, by, place.school_class)
        elsewhere = ClassPupil.objects.filter(user=place.user_id).exists()
        if not place.user.is_reachable and not elsewhere:
            membership = Membership.objects.get(user=place.user_id, tenant=classes.workspace())
            memberships.end(membership=membership, by=by)


def reset_pictures(*, pupil: Pupil, by: Any) -> Pupil:
    """Forget the pictures; the pupil chooses new ones within 14 days. Whoever came in with the
    old ones is signed out.
    """
    require_pupil("pupils.update", pupil=pupil, by=by)
    return _change(
        pupil, "pupil.pictures_reset", by, sign_out=True,
        picture_hash="", choose_until=timezone.now() + CHOOSING, **UNLOCKED,
    )  # fmt: skip


def renew_badge(*, pupil: Pupil, by: Any) -> Pupil:
    """A new badge; those printed before open nothing any more, and whoever is in is signed out."""
    require_pupil("pupils.badges", pupil=pupil, by=by)
    return _change(pupil, "pupil.badge_renewed", by, sign_out=True, badge_nonce=new_nonce())


def unlock(*, pupil: Pupil, by: Any) -> Pupil:
    """Let a pupil try pictures again at once."""
    require_pupil("pupils.update", pupil=pupil, by=by)
    return _change(pupil, "pupil.unlocked", by, **UNLOCKED)


UNLOCKED: dict[str, Any] = {"wrong_tries": 0, "locks": 0, "locked_until": None}


def require_pupil(permission: str, *, pupil: Pupil, by: Any) -> None:
    """As `tenants.access.require`, and the pupil must be in one of the actor's classes."""
    require(permission, by=by)
    if not visible(by=by).filter(pk=pupil.pk).exists():
        raise NotAllowed("This pupil is in none of your classes.")


def lock(pupil: Pupil) -> Pupil:
    rows = Pupil.objects.select_for_update(of=("self",)).select_related("user")
    found = rows.filter(pk=pupil.pk).first()
    if found is None:
        raise NotFound("This pupil is gone.")
    return found


def _change(pupil: Pupil, action: str, by: Any, *, sign_out: bool = False, **values: Any) -> Pupil:
    with transaction.atomic():
        locked = lock(pupil)
        for name, value in values.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(values))
        if sign_out:
            sessions.end_others(user=locked.user, keep=None, by=by)
        _record(action, locked.user, by)
    return locked


def _make(tenant: Tenant, school_class: SchoolClass, name: str) -> Pupil:
    user = User.objects.create_without_email(name=name)
    Membership.objects.create(user=user, tenant=tenant, role=Role.STUDENT)
    ClassPupil.objects.create(school_class=school_class, user=user)
    return Pupil.objects.create(user=user, choose_until=timezone.now() + CHOOSING)


def _name(name: str) -> str:
    cleaned = " ".join(_CONTROL.sub(" ", name).split())
    if not cleaned or len(cleaned) > NAME_LENGTH:
        shown = cleaned[:40] or "A line"
        raise Invalid(errors={"names": [f"{shown}: a name has 1 to {NAME_LENGTH} characters."]})
    return cleaned


def _require_open(school_class: SchoolClass) -> None:
    if not SchoolClass.objects.open().filter(pk=school_class.pk).exists():
        raise ClassArchived(f"{school_class} is archived. Take it out of the archive first.")


def _record(
    action: str, user: User, by: Any, school_class: SchoolClass | None = None, **data: str
) -> None:
    about = {"class": school_class.name, **data} if school_class else data
    audit.record(action=action, by=by, target=user, data=about)
