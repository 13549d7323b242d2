"""What this floor hears from below: somebody is a member no more, or has become one."""

from __future__ import annotations

from typing import Any

from apps.classes.models import (
    AwaitedGuardian,
    ClassPupil,
    ClassTeacher,
    Guardianship,
    Pupil,
)
from apps.tenants.models import Invitation, Membership
from apps.tenants.signals import invitation_accepted, membership_ended


def connect() -> None:
    membership_ended.connect(forget_member, sender=Membership, dispatch_uid="classes-ended")
    invitation_accepted.connect(link_guardian, sender=Invitation, dispatch_uid="classes-accepted")


def forget_member(membership: Membership, **_: Any) -> None:
    """Their places end with the membership."""
    user = membership.user
    with membership.tenant:
        for rows in (ClassTeacher.objects, ClassPupil.objects, Pupil.objects):
            rows.filter(user=user).delete()
        Guardianship.objects.filter(guardian=user).delete()
        Guardianship.objects.filter(child=user).delete()
        AwaitedGuardian.objects.filter(child=user).delete()


def link_guardian(invitation: Invitation, membership: Membership, by: Any, **_: Any) -> None:
    from apps.classes.services import guardians

    with invitation.tenant:
        guardians.settle(email=invitation.email, guardian=membership.user, by=by)
