"""Guardians see their children and nobody else."""

from __future__ import annotations

import pytest
from django_tenants.utils import schema_context

from apps.classes.models import AwaitedGuardian, Guardianship
from apps.classes.services import guardians, pupils
from apps.core.errors import Conflict, Invalid, NotAllowed
from apps.tenants.models import Invitation, Membership
from apps.tenants.services import invitations
from tests.factories.accounts import UserFactory
from tests.factories.classes import pupil_named
from tests.factories.tenants import MembershipFactory, invited_token

EMAIL = "gina@family.example"


@pytest.fixture
def maya(school_class):
    return pupil_named("Maya Lopez").user


@pytest.fixture
def noah(school_class):
    return pupil_named("Noah Kim").user


@pytest.fixture
def gina(db):
    return UserFactory(email=EMAIL, name="Gina Guardian")


def accept(gina):
    invitations.accept(invitation=Invitation.objects.open().get(email=EMAIL), by=gina)


def children(gina):
    return [child.user.name for child in guardians.children_of(guardian=gina)]


def test_a_teacher_invites_and_the_mail_leads_in(maya, teacher, gina, mailoutbox):
    guardians.invite(child=maya, email=f" {EMAIL.upper()} ", by=teacher)
    invitation = Invitation.objects.get()
    assert (invitation.role, invitation.email) == ("guardian", EMAIL)
    with schema_context("public"):  # mail is no work of the workspace's own
        token = invited_token(mailoutbox, invitation)
    invitations.accept(invitation=invitations.find_by_token(token=token), by=gina)
    assert children(gina) == ["Maya Lopez"]
    assert not AwaitedGuardian.objects.exists()
    assert Membership.objects.get(user=gina).role == "guardian"


def test_one_invitation_for_two_children(maya, noah, teacher, gina):
    for child in (maya, noah):
        guardians.invite(child=child, email=EMAIL, by=teacher)
    accept(gina)
    assert children(gina) == ["Maya Lopez", "Noah Kim"]


def test_one_child_has_several(maya, teacher, gina):
    for email in (EMAIL, "gus@family.example"):
        guardians.invite(child=maya, email=email, by=teacher)
    accept(gina)
    linked, awaited = guardians.of(child=maya)
    assert [one.guardian for one in linked] == [gina]
    assert [one.email for one in awaited] == ["gus@family.example"]


def test_whoever_is_here_already_is_linked_at_once(maya, teacher, admin):
    guardians.invite(child=maya, email=admin.email, by=teacher)
    assert children(admin) == ["Maya Lopez"]
    assert not Invitation.objects.exists()
    with pytest.raises(Conflict):
        guardians.invite(child=maya, email=admin.email, by=teacher)


def test_no_student_is_a_guardian(maya, teacher, student):
    with pytest.raises(Invalid):
        guardians.invite(child=maya, email=student.email, by=teacher)


def test_only_of_pupils_in_ones_classes(maya, alpha):
    other = MembershipFactory(tenant=alpha, role="teacher").user
    with pytest.raises(NotAllowed):
        guardians.invite(child=maya, email=EMAIL, by=other)


def test_taking_back_leaves_the_invitation_for_a_sibling(maya, noah, teacher):
    first = guardians.invite(child=maya, email=EMAIL, by=teacher)
    second = guardians.invite(child=noah, email=EMAIL, by=teacher)
    guardians.withdraw(awaited=first, by=teacher)
    assert Invitation.objects.open().exists()
    guardians.withdraw(awaited=second, by=teacher)
    assert not Invitation.objects.open().exists()


def test_sent_again_the_first_link_is_void(maya, teacher):
    awaited = guardians.invite(child=maya, email=EMAIL, by=teacher)
    before = Invitation.objects.get().token_hash
    guardians.resend(awaited=awaited, by=teacher)
    assert Invitation.objects.get().token_hash != before


def test_unlinking_the_last_child_ends_the_place_here(maya, noah, teacher, gina):
    for child in (maya, noah):
        guardians.invite(child=child, email=EMAIL, by=teacher)
    accept(gina)
    for link in Guardianship.objects.filter(child=maya):
        guardians.unlink(guardianship=link, by=teacher)
    assert children(gina) == ["Noah Kim"]
    for link in Guardianship.objects.filter(child=noah):
        guardians.unlink(guardianship=link, by=teacher)
    assert not Membership.objects.filter(user=gina).exists()


def test_a_pupil_who_goes_is_nobodys_child(maya, teacher, gina, school_class):
    guardians.invite(child=maya, email=EMAIL, by=teacher)
    accept(gina)
    place = pupils.find_place(school_class=school_class, user_id=maya.pk)
    pupils.remove(place=place, by=teacher)
    assert children(gina) == []


class TestPages:
    def test_a_guardian_sees_name_and_class_and_nothing_else(
        self, browse, maya, noah, teacher, gina, school_class
    ):
        guardians.invite(child=maya, email=EMAIL, by=teacher)
        accept(gina)
        client = browse(gina)
        page = client.get("/children/").content.decode()
        assert "Maya Lopez" in page
        assert "7B Science" in page
        assert "Noah" not in page
        assert "My children" in client.get("/").content.decode()
        for path in ("/members/", "/classes/", f"/classes/{school_class.pk}/"):
            assert client.get(path).status_code == 403

    def test_a_teacher_does_it_all_by_page(self, browse, maya, teacher, school_class, gina):
        client = browse(teacher)
        base = f"/classes/{school_class.pk}/pupils/{maya.pk}/"
        wrong = client.post(f"{base}guardians/", {"email": "no address"})
        assert wrong.status_code == 422
        client.post(f"{base}guardians/", {"email": EMAIL})
        awaited = AwaitedGuardian.objects.get()
        client.post(f"{base}guardians/awaited/{awaited.pk}/resend/")
        assert EMAIL in client.get(base).content.decode()
        accept(gina)
        link = Guardianship.objects.get()
        assert "Gina Guardian" in client.get(base).content.decode()
        client.post(f"{base}guardians/{link.pk}/unlink/")
        assert not Guardianship.objects.exists()

    def test_students_and_strangers_have_no_children(self, browse, student, outsider, beta):
        assert browse(student).get("/children/").status_code == 403
        assert browse(outsider).get("/children/").status_code == 403
        page = browse(outsider, tenant=beta).get("/children/")
        assert "No child is linked" in page.content.decode()
