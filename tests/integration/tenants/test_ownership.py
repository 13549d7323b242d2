"""Handing a workspace over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.tenants.errors import PermissionMissing, TransferGone, TransferUnderWay
from apps.tenants.models import Membership, OwnershipTransfer
from apps.tenants.services import memberships, ownership
from tests.factories.jobs import work_off
from tests.factories.tenants import make_member


def offer_to(person, tenant, by):
    return ownership.offer(membership=Membership.objects.get(user=person, tenant=tenant), by=by)


def role_of(person, tenant):
    return Membership.objects.get(user=person, tenant=tenant).role


def test_accepted_it_is_theirs_and_the_giver_an_admin(alpha, owner, teacher, mailoutbox):
    transfer = offer_to(teacher, alpha, owner)
    assert (role_of(owner, alpha), role_of(teacher, alpha)) == ("owner", "teacher")
    ownership.accept(transfer=transfer, by=teacher)
    assert (role_of(owner, alpha), role_of(teacher, alpha)) == ("admin", "owner")
    work_off()
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([owner.email, teacher.email] * 2)
    actions = AuditEntry.objects.filter(action__startswith="ownership.").order_by("sequence")
    assert [entry.action for entry in actions] == ["ownership.offered", "ownership.transferred"]


def test_nobody_but_the_taker_accepts(alpha, owner, teacher, admin):
    transfer = offer_to(teacher, alpha, owner)
    for person in (admin, owner):
        with pytest.raises(TransferGone):
            ownership.accept(transfer=transfer, by=person)


@pytest.mark.parametrize("spoil", ["decline", "withdraw", "expire", "accept"])
def test_an_answered_offer_is_gone(alpha, owner, teacher, spoil):
    transfer = offer_to(teacher, alpha, owner)
    {
        "decline": lambda: ownership.decline(transfer=transfer, by=teacher),
        "withdraw": lambda: ownership.withdraw(transfer=transfer, by=owner),
        "accept": lambda: ownership.accept(transfer=transfer, by=teacher),
        "expire": lambda: OwnershipTransfer.objects.update(
            expires_at=timezone.now() - timedelta(seconds=1)
        ),
    }[spoil]()
    with pytest.raises(TransferGone):
        ownership.accept(transfer=transfer, by=teacher)


def test_one_offer_at_a_time_and_another_after_it_has_expired(alpha, owner, teacher, admin):
    offer_to(teacher, alpha, owner)
    with pytest.raises(TransferUnderWay):
        offer_to(admin, alpha, owner)
    OwnershipTransfer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert offer_to(admin, alpha, owner).taker == admin


def test_a_giver_who_is_no_owner_any_more_gives_nothing(alpha, owner, teacher):
    transfer = offer_to(teacher, alpha, owner)
    make_member(alpha, "owner")
    giver = Membership.objects.get(user=owner, tenant=alpha)
    memberships.change_role(membership=giver, role="admin", by=None)
    with pytest.raises(TransferGone):
        ownership.accept(transfer=transfer, by=teacher)
    assert role_of(teacher, alpha) == "teacher"


def test_admins_give_nothing(alpha, admin, teacher):
    with pytest.raises(PermissionMissing):
        offer_to(teacher, alpha, admin)


@pytest.mark.parametrize("about", [{"user__email": ""}, {"suspended_at": timezone.now()}])
def test_some_cannot_own_it(alpha, owner, about):
    with pytest.raises(Invalid):
        offer_to(make_member(alpha, "student", **about), alpha, owner)


def test_an_owner_cannot_be_offered_it(alpha, owner):
    with pytest.raises(Invalid):
        offer_to(make_member(alpha, "owner"), alpha, owner)


def test_the_last_owner_hears_of_this_way_out(alpha, owner, browse):
    page = browse(owner).post("/members/leave/").content.decode()
    assert "Settings, Ownership" in page


class TestPages:
    def test_offering_accepting(self, browse, alpha, owner, teacher):
        giver, taker = browse(owner), browse(teacher)
        assert taker.get("/settings/ownership/").status_code == 404
        page = giver.get("/settings/ownership/").content.decode()
        assert teacher.email in page
        member = Membership.objects.get(user=teacher).pk
        assert giver.post("/settings/ownership/offer/", {"member": "nobody"}).status_code == 422
        assert giver.post("/settings/ownership/offer/", {"member": member}).status_code == 302
        assert "Offered to" in giver.get("/settings/ownership/").content.decode()
        assert "over to you" in taker.get("/settings/ownership/").content.decode()
        transfer = OwnershipTransfer.objects.get()
        taker.post(f"/settings/ownership/{transfer.pk}/accept/")
        assert role_of(teacher, alpha) == "owner"

    def test_declining_and_taking_back(self, browse, alpha, owner, teacher, admin):
        transfer = offer_to(teacher, alpha, owner)
        browse(teacher).post(f"/settings/ownership/{transfer.pk}/decline/")
        transfer = offer_to(admin, alpha, owner)
        browse(owner).post(f"/settings/ownership/{transfer.pk}/withdraw/")
        states = OwnershipTransfer.objects.order_by("created_at").values_list("state", flat=True)
        assert list(states) == ["declined", "withdrawn"]

    def test_a_neighbours_offer_is_not_there(self, browse, beta, outsider, owner):
        transfer = offer_to(make_member(beta, "teacher"), beta, outsider)
        url = f"/settings/ownership/{transfer.pk}/withdraw/"
        assert browse(owner).post(url).status_code == 404
