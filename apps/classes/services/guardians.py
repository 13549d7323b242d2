"""Guardians: people with an account of their own who see their children and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.classes.models import AwaitedGuardian, ClassPupil, Guardianship, SchoolClass
from apps.classes.services import classes
from apps.core.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.tenants.access import require
from apps.tenants.models import Invitation, Membership
from apps.tenants.permissions import Role
from apps.tenants.services import invitations, memberships

INVITE = "guardians.invite"


@dataclass(frozen=True)
class Child:
    """What a guardian sees of one of theirs."""

    user: User
    classes: list[SchoolClass]


def children_of(*, guardian: User) -> list[Child]:
    """By name, each with the classes that are not archived; two queries."""
    links = Guardianship.objects.filter(guardian=guardian).select_related("child")
    found = [link.child for link in links.order_by("child__name")]
    places = ClassPupil.objects.filter(
        user__in=[child.pk for child in found], school_class__archived_at=None
    ).select_related("school_class")
    by_child: dict[UUID, list[SchoolClass]] = {}
    for place in places.order_by("school_class__name"):
        by_child.setdefault(place.user_id, []).append(place.school_class)
    return [Child(child, by_child.get(child.pk, [])) for child in found]


def invite(*, child: User, email: str, by: Any) -> AwaitedGuardian | Guardianship:
    """Make whoever owns `email` a guardian of `child`: at once when they are here already, else
    when they accept the invitation that is sent. Raises `Invalid`, `LimitReached`.
    """
    require_child(INVITE, child=child, by=by)
    email = _checked(email)
    member = _member(email)
    with transaction.atomic():
        if member is not None:
            return _link(child, member, by)
        awaited, made = AwaitedGuardian.objects.get_or_create(email=email, child=child)
        if not made:
            raise Conflict(f"{email} is invited for {child} already. Send it again instead.")
        _send(email, by)
        _record("guardian.invited", child, email, by)
    return awaited


def resend(*, awaited: AwaitedGuardian, by: Any) -> None:
    """A fresh link; a new invitation when the earlier one has expired."""
    require_child(INVITE, child=awaited.child, by=by)
    with transaction.atomic():
        _send(awaited.email, by)
        _record("guardian.invited", awaited.child, awaited.email, by)


def withdraw(*, awaited: AwaitedGuardian, by: Any) -> None:
    """Take the invitation back; it stands while it is meant for another child, too."""
    require_child(INVITE, child=awaited.child, by=by)
    with transaction.atomic():
        awaited.delete()
        _record("guardian.withdrawn", awaited.child, awaited.email, by)
        invitation = _invitation(awaited.email)
        others = AwaitedGuardian.objects.filter(email__iexact=awaited.email)
        if invitation and invitation.role == Role.GUARDIAN and not others.exists():
            invitations.revoke(invitation=invitation, by=by, permission=INVITE)


def unlink(*, guardianship: Guardianship, by: Any) -> None:
    """The guardian sees the child no more. A guardian without children has no place here left."""
    require_child("guardians.remove", child=guardianship.child, by=by)
    guardian = guardianship.guardian
    with transaction.atomic():
        guardianship.delete()
        _record("guardian.unlinked", guardianship.child, str(guardian), by)
        membership = Membership.objects.filter(user=guardian, tenant=classes.workspace()).first()
        left = Guardianship.objects.filter(guardian=guardian).exists()
        if membership and membership.role == Role.GUARDIAN and not left:
            memberships.end(membership=membership, by=by)


def settle(*, email: str, guardian: User, by: Any) -> None:
    """In the transaction that accepts an invitation to `email`."""
    for awaited in AwaitedGuardian.objects.filter(email__iexact=email).select_related("child"):
        if awaited.child_id != guardian.pk:
            Guardianship.objects.get_or_create(guardian=guardian, child=awaited.child)
            _record("guardian.linked", awaited.child, str(guardian), by)
        awaited.delete()


def of(*, child: User) -> tuple[list[Guardianship], list[AwaitedGuardian]]:
    """The guardians of a child, and those who are invited to be."""
    linked = Guardianship.objects.filter(child=child).select_related("guardian", "child")
    awaited = AwaitedGuardian.objects.filter(child=child).select_related("child")
    return list(linked.order_by("guardian__name")), list(awaited.order_by("email"))


def find(*, child: User, guardianship_id: UUID) -> Guardianship:
    rows = Guardianship.objects.filter(child=child, pk=guardianship_id)
    found = rows.select_related("guardian", "child").first()
    if found is None:
        raise NotFound("This person is no guardian of the pupil.")
    return found


def find_awaited(*, child: User, awaited_id: UUID) -> AwaitedGuardian:
    rows = AwaitedGuardian.objects.filter(child=child, pk=awaited_id)
    found = rows.select_related("child").first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def require_child(permission: str, *, child: User, by: Any) -> None:
    """As `tenants.access.require`, and the child must be in one of the actor's classes."""
    require(permission, by=by)
    mine = classes.visible(by=by).values("pk")
    if not ClassPupil.objects.filter(user=child, school_class__in=mine).exists():
        raise NotAllowed("This pupil is in none of your classes.")


def _send(email: str, by: Any) -> None:
    found = _invitation(email)
    if found is None:
        invitations.send(
            tenant=classes.workspace(), email=email, role=Role.GUARDIAN, by=by, permission=INVITE
        )
    elif found.role == Role.GUARDIAN:
        invitations.resend(invitation=found, by=by, permission=INVITE)
    # An invitation as something else is on its way; accepting it makes them guardian, too.


def _invitation(email: str) -> Invitation | None:
    rows = Invitation.objects.open().filter(tenant=classes.workspace(), email__iexact=email)
    return rows.select_related("tenant").first()


def _member(email: str) -> Membership | None:
    rows = Membership.objects.filter(tenant=classes.workspace(), user__email__iexact=email)
    return rows.select_related("user").first()


def _link(child: User, member: Membership, by: Any) -> Guardianship:
    if member.role == Role.STUDENT:
        raise Invalid(errors={"email": [f"{member.user} is a student here."]})
    link, made = Guardianship.objects.get_or_create(guardian=member.user, child=child)
    if not made:
        raise Conflict(f"{member.user} is a guardian of {child} already.")
    _record("guardian.linked", child, str(member.user), by)
    return link


def _checked(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(errors={"email": ["Enter a valid e-mail address."]}) from None
    return email


def _record(action: str, child: User, guardian: str, by: Any) -> None:
    audit.record(action=action, by=by, target=child, data={"guardian": guardian})
