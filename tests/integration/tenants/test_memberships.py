from __future__ import annotations

import threading

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid, NotFound
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
