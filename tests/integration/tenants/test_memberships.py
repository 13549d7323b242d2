from __future__ import annotations

import threading

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotAllowed, NotFound
from apps.tenants.errors import LastOwner, PermissionMissing
from apps.tenants.models import Membership
from apps.tenants.services import memberships
from tests.factories.tenants import MembershipFactory


def of(user):
    return Membership.objects.select_related("tenant", "user").get(user=user)


def test_an_admin_changes_a_role(admin, teacher):
    memberships.change_role(membership=of(teacher), role="student", by=admin)
    assert of(teacher).role == "student"


def test_a_change_is_in_the_audit(admin, teacher):
    memberships.change_role(membership=of(teacher), role="student", by=admin)
    entry = AuditEntry.objects.get(action="member.role_changed")
    assert (entry.actor_id, entry.object_label) == (admin.pk, str(teacher))
    assert entry.data == {"before": "teacher", "after": "student"}


def test_the_same_role_leaves_no_trace(admin, teacher):
    memberships.change_role(membership=of(teacher), role="teacher", by=admin)
    assert not AuditEntry.objects.filter(action="member.role_changed").exists()


@pytest.mark.parametrize("role", ["", "boss", "OWNER"])
def test_an_unknown_role_is_refused(admin, teacher, role):
    with pytest.raises(Invalid):
        memberships.change_role(membership=of(teacher), role=role, by=admin)


def test_teachers_change_nobody(teacher, student):
    with pytest.raises(PermissionMissing):
        memberships.change_role(membership=of(student), role="admin", by=teacher)


def test_an_admin_makes_no_owner(admin, teacher):
    with pytest.raises(PermissionMissing, match=r"members\.make_owner"):
        memberships.change_role(membership=of(teacher), role="owner", by=admin)


def test_an_admin_unmakes_no_owner(admin, owner):
    with pytest.raises(PermissionMissing):
        memberships.change_role(membership=of(owner), role="student", by=admin)


def test_an_admin_removes_no_owner(admin, owner):
    with pytest.raises(PermissionMissing):
        memberships.remove(membership=of(owner), by=admin)


def test_an_outsider_removes_nobody(outsider, teacher):
    with pytest.raises(PermissionMissing):
        memberships.remove(membership=of(teacher), by=outsider)


def test_the_last_owner_stays(owner, alpha):
    for act in (
        lambda: memberships.change_role(membership=of(owner), role="admin", by=owner),
        lambda: memberships.remove(membership=of(owner), by=owner),
        lambda: memberships.leave(tenant=alpha, by=owner),
    ):
        with pytest.raises(LastOwner):
            act()


def test_an_owner_who_cannot_sign_in_does_not_count(owner, alpha):
    MembershipFactory(tenant=alpha, role="owner", user__is_active=False)
    with pytest.raises(LastOwner):
        memberships.leave(tenant=alpha, by=owner)


def test_one_of_two_owners_may_leave(owner, alpha):
    MembershipFactory(tenant=alpha, role="owner")
    memberships.leave(tenant=alpha, by=owner)
    assert not alpha.memberships.filter(user=owner).exists()
    assert AuditEntry.objects.filter(action="member.left", actor_id=owner.pk).exists()


def test_a_removed_member_is_gone(admin, teacher, alpha):
    memberships.remove(membership=of(teacher), by=admin)
    assert not alpha.memberships.filter(user=teacher).exists()


def test_removing_twice_says_so(admin, teacher):
    gone = of(teacher)
    memberships.remove(membership=gone, by=admin)
    with pytest.raises(NotFound):
        memberships.remove(membership=gone, by=admin)


def test_another_workspaces_member_is_not_found(alpha, outsider):
    with pytest.raises(NotFound):
        memberships.find(tenant=alpha, membership_id=of(outsider).pk)


@pytest.mark.django_db(transaction=True)
def test_two_owners_leaving_at_once_leave_one(owner, alpha):
    second = MembershipFactory(tenant=alpha, role="owner").user
    barrier = threading.Barrier(2)
    refusals = []

    def leave(person):
        try:
            barrier.wait(timeout=10)
            memberships.leave(tenant=alpha, by=person)
        except LastOwner as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(person,)) for person in (owner, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(refusals) == 1
    assert alpha.memberships.owners().count() == 1


class TestSuspended:
    def test_the_workspace_is_closed_to_them(self, admin, teacher, browse):
        memberships.suspend(membership=of(teacher), by=admin)
        assert browse(teacher).get("/").status_code == 403
        assert AuditEntry.objects.get(action="member.suspended").actor_id == admin.pk

    def test_they_come_back_as_what_they_were(self, admin, teacher, browse):
        memberships.suspend(membership=of(teacher), by=admin)
        memberships.resume(membership=of(teacher), by=admin)
        assert browse(teacher).get("/").status_code == 200
        assert of(teacher).role == "teacher"

    def test_nobody_suspends_an_owner_or_themselves(self, owner, admin):
        for person in (owner, admin):
            with pytest.raises(NotAllowed):
                memberships.suspend(membership=of(person), by=admin)

    def test_on_the_page(self, admin, teacher, browse):
        page = browse(admin).post(f"/members/{of(teacher).pk}/suspend/", follow=True)
        assert "Suspended" in page.content.decode()
        assert browse(teacher).post(f"/members/{of(teacher).pk}/resume/").status_code == 403
        browse(admin).post(f"/members/{of(teacher).pk}/resume/")
        assert of(teacher).suspended_at is None

    def test_somebody_from_elsewhere_suspends_nobody(self, outsider, teacher, browse, beta):
        assert browse(outsider).post(f"/members/{of(teacher).pk}/suspend/").status_code == 403
        there = browse(outsider, tenant=beta).post(f"/members/{of(teacher).pk}/suspend/")
        assert there.status_code == 404


class TestWithoutEmail:
    def test_several_people_have_none(self):
        people = [User.objects.create_without_email(name=name) for name in ("Maya", "Noah")]
        assert [p.get_short_name() for p in people] == ["Maya", "Noah"]
        assert not people[0].has_usable_password()

    def test_an_address_is_still_one_persons(self, teacher):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(teacher.email.upper())

    def test_nothing_signs_in_with_no_address(self, client):
        User.objects.create_without_email(name="Maya")
        assert authenticate(username="", password="") is None

    def test_they_stay_students_and_leave_by_no_button(self, alpha, admin):
        maya = User.objects.create_without_email(name="Maya")
        MembershipFactory(user=maya, tenant=alpha, role="student")
        with pytest.raises(Invalid):
            memberships.change_role(membership=of(maya), role="teacher", by=admin)
        with pytest.raises(NotAllowed):
            memberships.leave(tenant=alpha, by=maya)
