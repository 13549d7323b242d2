"""Seats for staff: those that the plan includes and those that are bought beside them."""

from __future__ import annotations

import pytest

from apps.tenants.models import Membership
from apps.tenants.services import invitation_links, invitations, memberships, ownership, roles
from apps.usage.errors import LimitReached
from apps.usage.models import UsageWarning, WorkspacePlan
from apps.usage.plans import PLANS
from apps.usage.services import limits, overviews, plan_changes, warnings
from tests.factories.accounts import UserFactory
from tests.factories.tenants import invite, make_member, make_role

pytestmark = pytest.mark.django_db
INCLUDED = PLANS["free"].staff


@pytest.fixture
def free(alpha):
    """`free(seats)`: so many members more may be staff in Alpha."""

    def leave(seats):
        taken = limits.state("staff", tenant=alpha).used
        WorkspacePlan.objects.filter(tenant=alpha).update(seats=taken + seats - INCLUDED)
        return alpha

    WorkspacePlan.objects.filter(tenant=alpha).update(plan="free")
    return leave


@pytest.fixture
def cast(owner, admin, teacher, student, guardian):
    return owner


def membership(tenant, person):
    return Membership.objects.get(tenant=tenant, user=person)


def refused():
    return pytest.raises(LimitReached, match="Staff: ")


def test_pupils_and_guardians_take_none(cast, alpha):
    before = limits.state("staff", tenant=alpha)
    assert (before.used, before.most) == (3, INCLUDED + 1_000)
    make_member(alpha, "student", user__email="")
    make_member(alpha, make_role(alpha, name="Monitor", based_on="student"))
    assert limits.state("staff", tenant=alpha).used == 3
    make_member(alpha, make_role(alpha, name="Librarian", based_on="teacher"))
    assert limits.state("staff", tenant=alpha).used == 4


def test_invitations_keep_seats_and_pupils_are_still_invited(cast, free):
    alpha = free(1)
    invite(alpha, cast, "one@school.example")
    with refused() as told:
        invite(alpha, cast, "two@school.example")
    problem = told.value.as_problem()
    assert problem["detail"].startswith("Staff: The workspace has taken 3 of 4 seats, and ")
    assert (problem["limit"], problem["used"], problem["most"]) == ("staff", 3, 4)
    assert problem["upgrade_url"] == f"{alpha.url}/settings/billing/plan/"
    invite(alpha, cast, "pupil@school.example", role="student")
    newcomer = UserFactory(email="one@school.example")
    invitations.accept(invitation=alpha.invitations.get(email=newcomer.email), by=newcomer)
    assert limits.state("staff", tenant=alpha).used == 4


def test_a_link_keeps_a_seat_for_each_use(cast, free):
    alpha = free(2)
    wish = {"tenant": alpha, "name": "New staff", "by": cast}
    with refused():
        invitation_links.create(**wish, role="teacher", most_uses=3)
    link, _ = invitation_links.create(**wish, role="teacher", most_uses=2)
    with refused():
        invite(alpha, cast)
    invitation_links.create(**wish, role="student", most_uses=30)
    free(0)
    with refused():
        invitation_links.accept(link=link, by=UserFactory())


def test_another_role_may_take_a_seat(cast, free, student):
    alpha = free(0)
    with refused():
        memberships.change_role(membership=membership(alpha, student), role="teacher", by=cast)
    free(1)
    changed = memberships.change_role(membership=membership(alpha, student), role="admin", by=cast)
    again = memberships.change_role(membership=changed, role="teacher", by=cast)
    assert again.role == "teacher"


def test_who_is_suspended_leaves_a_seat_and_needs_one_to_come_back(cast, free, teacher, student):
    alpha = free(0)
    memberships.suspend(membership=membership(alpha, teacher), by=cast)
    memberships.change_role(membership=membership(alpha, student), role="teacher", by=cast)
    with refused():
        memberships.resume(membership=membership(alpha, teacher), by=cast)


def test_a_role_that_is_replaced_and_a_workspace_that_is_handed_over(cast, free, student):
    alpha = free(0)
    monitor = make_role(alpha, name="Monitor", based_on="student")
    make_member(alpha, monitor)
    with refused():
        roles.delete(role=monitor, by=cast, replacement="teacher")
    transfer = ownership.offer(membership=membership(alpha, student), by=cast)
    with refused():
        ownership.accept(transfer=transfer, by=student)
    assert membership(alpha, cast).role == "owner"


def test_fewer_seats_than_people_take_nothing_away(cast, free, teacher):
    make_member(free(0), "teacher")
    alpha = free(-1)
    assert limits.state("staff", tenant=alpha).text == "4 of 3"
    assert membership(alpha, teacher).role == "teacher"
    memberships.change_role(membership=membership(alpha, teacher), role="admin", by=cast)
    with refused():
        invite(alpha, cast)


def test_operators_change_the_plan_and_leave_the_seats(alpha):
    for chosen, seats, kept in (("school", None, 1_000), ("school", 7, 7), ("starter", None, 7)):
        plan_changes.change(tenant=alpha, plan=chosen, by=None, seats=seats)
        most = limits.state("staff", tenant=alpha).most
        assert most == PLANS[chosen].staff + kept


def test_seats_come_on_top_of_what_an_operator_sets(limit, alpha):
    assert limits.state("staff", tenant=limit(staff=5)).most == 1_005


def test_the_schools_of_a_district_share_them(district, school, owner, outsider):
    WorkspacePlan.objects.filter(tenant=district).update(seats=2)
    found = limits.state("staff", tenant=school)
    assert (found.used, found.own, found.pool) == (2, 1, district)
    assert found.most == PLANS["district"].staff + 2
    district.configuration = {**district.configuration, "limits": {"staff": 0}}
    district.save()
    with refused() as told:
        invite(school, outsider)
    assert told.value.extra["upgrade_url"].startswith(district.url)


def test_nobody_is_warned_of_seats_that_are_taken(cast, free):
    alpha = free(0)
    warnings.evaluate(tenant=alpha)
    assert not UsageWarning.objects.exists()
    assert overviews.nearest([alpha])["w_alpha"].key != "staff"


def test_pages_and_api_say_how_many_and_where_there_are_more(cast, free, browse, admin, student):
    alpha = free(0)
    page = " ".join(browse(cast).get("/members/").content.decode().split())
    assert "Staff: 3 of 3 seats taken." in page
    assert 'href="/settings/billing/plan/">Buy more seats' in page
    as_admin = browse(admin).get("/members/").content.decode()
    assert "An owner buys more" in as_admin
    assert "Buy more seats" not in as_admin
    assert "all taken" in browse(cast).get("/settings/usage/").content.decode()
    found = browse(cast).get("/api/v1/usage/").json()["limits"]
    (staff,) = [each for each in found if each["limit"] == "staff"]
    assert (staff["used"], staff["most"], staff["percent"]) == (3, 3, 100)
    pk = membership(alpha, student).pk
    answer = browse(cast).post(f"/members/{pk}/role/", {"role": "teacher"})
    assert (answer.status_code, "To billing" in answer.content.decode()) == (403, True)
