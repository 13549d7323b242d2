from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.services import emails
from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
from apps.tenants.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationGone,
    PermissionMissing,
    WrongAddress,
)
from apps.tenants.models import Invitation
from apps.tenants.services import invitations
from tests.factories.accounts import UserFactory
from tests.factories.tenants import invite, invited_token


def expire(invitation):
    Invitation.objects.filter(pk=invitation.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def test_an_invitation_leaves_by_mail(alpha, admin, mailoutbox):
    invite(alpha, admin, "Nina@School.example")
    invited_token(mailoutbox, Invitation.objects.get())
    assert mailoutbox[0].subject == "Adam Admin invites you to Alpha"
    assert mailoutbox[0].to == ["nina@school.example"]


def test_only_a_hash_of_the_secret_is_kept(alpha, admin, mailoutbox):
    invitation = invite(alpha, admin)
    token = invited_token(mailoutbox, invitation)
    assert token not in str(Invitation.objects.values().get())


def test_the_link_finds_the_invitation(alpha, admin, mailoutbox):
    invitation = invite(alpha, admin)
    assert invitations.find_by_token(token=invited_token(mailoutbox, invitation)) == invitation


def test_a_link_holds_for_seven_days(alpha, admin):
    left = invite(alpha, admin).expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


@pytest.mark.parametrize("spoil", ["expire", "revoke", "accept", "resend"])
def test_a_spent_link_opens_nothing(alpha, admin, mailoutbox, spoil):
    invitation = invite(alpha, admin)
    token = invited_token(mailoutbox, invitation)
    {
        "expire": lambda: expire(invitation),
        "revoke": lambda: invitations.revoke(invitation=invitation, by=admin),
        "accept": lambda: invitations.accept(
            invitation=invitation, by=UserFactory(email=invitation.email)
        ),
        "resend": lambda: invitations.resend(invitation=invitation, by=admin),
    }[spoil]()
    with pytest.raises(InvitationGone):
        invitations.find_by_token(token=token)


def test_a_made_up_link_opens_nothing(db):
    with pytest.raises(InvitationGone):
        invitations.find_by_token(token="made-up")


def test_accepting_joins_with_the_role(alpha, admin):
    person = UserFactory(email="new@school.example")
    invitations.accept(invitation=invite(alpha, admin, role="student"), by=person)
    assert alpha.memberships.get(user=person).role == "student"
    assert AuditEntry.objects.filter(action="member.joined", actor_id=person.pk).exists()


def test_accepting_twice_is_refused(alpha, admin):
    invitation, person = invite(alpha, admin), UserFactory(email="new@school.example")
    invitations.accept(invitation=invitation, by=person)
    with pytest.raises(InvitationGone):
        invitations.accept(invitation=invitation, by=person)


def test_an_expired_one_cannot_be_accepted(alpha, admin):
    invitation = invite(alpha, admin)
    expire(invitation)
    with pytest.raises(InvitationGone):
        invitations.accept(invitation=invitation, by=UserFactory(email=invitation.email))


def test_somebody_else_cannot_accept(alpha, admin, outsider):
    with pytest.raises(WrongAddress):
        invitations.accept(invitation=invite(alpha, admin), by=outsider)


def test_a_second_verified_address_counts(alpha, admin, outsider):
    outsider.emailaddress_set.create(email="new@school.example", verified=True)
    invitations.accept(invitation=invite(alpha, admin), by=outsider)
    assert alpha.memberships.filter(user=outsider).exists()


def test_an_unverified_address_does_not(alpha, admin, outsider):
    outsider.emailaddress_set.create(email="new@school.example", verified=False)
    with pytest.raises(WrongAddress):
        invitations.accept(invitation=invite(alpha, admin), by=outsider)


def test_a_higher_role_stays(alpha, admin, teacher):
    invitation = Invitation.objects.create(
        tenant=alpha, email=teacher.email, role="student", token_hash="x", invited_by=admin
    )
    invitations.accept(invitation=invitation, by=teacher)
    assert alpha.memberships.get(user=teacher).role == "teacher"


def test_a_member_is_not_invited_again(alpha, admin, teacher):
    with pytest.raises(AlreadyMember):
        invite(alpha, admin, teacher.email.upper())


def test_an_address_has_one_open_invitation(alpha, admin):
    invite(alpha, admin)
    with pytest.raises(AlreadyInvited):
        invite(alpha, admin, "NEW@school.example")


def test_after_it_expired_a_new_one_may_go(alpha, admin):
    expire(invite(alpha, admin))
    assert invite(alpha, admin).state == "open"


@pytest.mark.parametrize(
    ("email", "role", "field"), [("nonsense", "teacher", "email"), ("a@b.example", "boss", "role")]
)
def test_nonsense_is_refused(alpha, admin, email, role, field):
    with pytest.raises(Invalid) as caught:
        invite(alpha, admin, email, role)
    assert list(caught.value.errors) == [field]


def test_an_admin_invites_no_owner(alpha, admin):
    with pytest.raises(PermissionMissing):
        invite(alpha, admin, role="owner")


def test_an_admin_does_not_resend_an_owners_invitation(alpha, admin, owner):
    with pytest.raises(PermissionMissing):
        invitations.resend(invitation=invite(alpha, owner, role="owner"), by=admin)


@pytest.mark.parametrize("who", ["teacher", "student", "outsider"])
def test_others_invite_nobody(alpha, who, request):
    with pytest.raises(PermissionMissing):
        invite(alpha, request.getfixturevalue(who))


def test_another_workspaces_invitation_is_not_found(alpha, beta, outsider):
    with pytest.raises(NotFound):
        invitations.find(tenant=alpha, invitation_id=invite(beta, outsider).pk)


def test_what_waits_for_a_person_needs_a_verified_address(alpha, admin):
    person = UserFactory(email="new@school.example")
    invitation = invite(alpha, admin)
    assert invitations.waiting_for(user=person) == []
    emails.mark_verified(user=person)
    assert invitations.waiting_for(user=person) == [invitation]
