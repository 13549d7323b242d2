"""Groups, and the roles and classes that the owner maps them to."""

from __future__ import annotations

import pytest

from apps.classes.models import ClassPupil, ClassTeacher
from apps.core.errors import Invalid
from apps.scim.models import ScimGroup, ScimUser
from apps.scim.services import groups
from apps.tenants.models import Membership
from apps.usage.models import WorkspacePlan
from tests.factories.classes import make_class
from tests.factories.scim import okta_user, patch

GROUP = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff"}


@pytest.fixture
def people(scim, verified):
    """The ids of three users, all of them members."""
    return [
        scim("POST", "/Users", okta_user(f"p{n}@school.example", externalId=str(n))).body["id"]
        for n in (1, 2, 3)
    ]


@pytest.fixture
def staff(scim, people):
    members = [{"value": people[0]}, {"value": people[1]}]
    return scim("POST", "/Groups", {**GROUP, "members": members}).body["id"]


def role(number):
    return Membership.objects.get(user__email=f"p{number}@school.example").role


def person(number):
    return ScimUser.objects.get(external_id=str(number)).user


class TestEndpoint:
    def test_made_and_read(self, scim, people, staff):
        found = scim("GET", f"/Groups/{staff}").body
        assert [each["value"] for each in found["members"]] == people[:2]
        assert "members" not in scim("GET", f"/Groups/{staff}?excludedAttributes=members").body
        shown = scim("GET", f"/Users/{people[0]}").body["groups"]
        assert shown[0]["display"] == "Staff"

    def test_entra_looks_for_it_by_name(self, scim, people, staff):
        path = '/Groups?filter=displayName%20eq%20"Staff"&excludedAttributes=members'
        assert scim("GET", path).body["totalResults"] == 1
        one = f'/Groups?filter=id eq "{staff}" and members eq "{people[2]}"'
        assert scim("GET", one.replace(" ", "%20")).body["totalResults"] == 0

    def test_members_come_and_go(self, scim, people, staff):
        url = f"/Groups/{staff}"
        scim("PATCH", url, patch({"op": "Add", "path": "members", "value": [{"value": people[2]}]}))
        scim("PATCH", url, patch({"op": "remove", "path": f'members[value eq "{people[0]}"]'}))
        ids = [each["value"] for each in scim("GET", url).body["members"]]
        assert sorted(ids) == sorted(people[1:])

    def test_put_replaces_name_and_members(self, scim, people, staff):
        body = {**GROUP, "displayName": "Teachers", "members": [{"value": people[2]}]}
        changed = scim("PUT", f"/Groups/{staff}", body).body
        assert (changed["displayName"], len(changed["members"])) == ("Teachers", 1)
        assert scim("PUT", f"/Groups/{staff}", GROUP).body["members"] == []

    def test_strangers_are_no_members(self, scim, people, staff):
        body = patch({"op": "Add", "path": "members", "value": [{"value": staff}]})
        assert scim("PATCH", f"/Groups/{staff}", body).status == 400

    def test_one_name_once(self, scim, staff):
        assert scim("POST", "/Groups", GROUP).status == 409

    def test_as_many_queries_whatever_their_length(
        self, scim, uncleared, staff, django_assert_num_queries, django_assert_max_num_queries
    ):
        scim("POST", "/Groups", {**GROUP, "displayName": "Others"})
        with django_assert_max_num_queries(10) as queries:
            scim("GET", "/Groups?count=1")
        with django_assert_num_queries(len(queries)):
            scim("GET", "/Groups")


class TestRoles:
    def test_a_mapping_takes_effect_at_once(self, alpha, owner, staff):
        groups.map_to(row=ScimGroup.objects.get(), role="teacher", class_id=None, by=owner)
        assert [role(n) for n in (1, 2, 3)] == ["teacher", "teacher", "student"]

    def test_a_group_of_staff_needs_seats(self, scim, alpha, owner, people, staff):
        WorkspacePlan.objects.filter(tenant=alpha).update(seats=0)
        groups.map_to(row=ScimGroup.objects.get(), role="teacher", class_id=None, by=owner)
        more = patch({"op": "Add", "path": "members", "value": [{"value": people[2]}]})
        refused = scim("PATCH", f"/Groups/{staff}", more)
        assert (refused.status, "has taken 3 of 3 seats" in refused.body["detail"]) == (403, True)
        assert [role(n) for n in (1, 2, 3)] == ["teacher", "teacher", "student"]

    def test_the_largest_of_several_counts(self, scim, alpha, owner, people, staff):
        groups.map_to(row=ScimGroup.objects.get(), role="teacher", class_id=None, by=owner)
        made = scim("POST", "/Groups", {"displayName": "IT", "members": [{"value": people[0]}]})
        row = ScimGroup.objects.get(pk=made.body["id"])
        groups.map_to(row=row, role="admin", class_id=None, by=owner)
        assert [role(n) for n in (1, 2)] == ["admin", "teacher"]
        scim("DELETE", f"/Groups/{row.pk}")
        assert role(1) == "teacher"

    def test_out_of_the_group_the_usual_role_is_back(self, scim, owner, people, staff):
        groups.map_to(row=ScimGroup.objects.get(), role="teacher", class_id=None, by=owner)
        gone = patch({"op": "remove", "path": "members", "value": [{"value": people[0]}]})
        scim("PATCH", f"/Groups/{staff}", gone)
        assert [role(n) for n in (1, 2)] == ["student", "teacher"]

    def test_a_role_given_by_hand_is_not_taken(self, scim, owner, people, staff):
        Membership.objects.filter(user=person(1)).update(role="admin")
        scim("DELETE", f"/Groups/{staff}")
        assert role(1) == "admin"

    def test_owners_keep_their_role(self, scim, alpha, owner, staff):
        made = scim("POST", "/Users", okta_user(owner.email)).body["id"]
        groups.map_to(row=ScimGroup.objects.get(), role="teacher", class_id=None, by=owner)
        scim("PATCH", f"/Groups/{staff}", patch(
            {"op": "add", "path": "members", "value": [{"value": made}]}
        ))  # fmt: skip
        assert Membership.objects.get(user=owner).role == "owner"

    @pytest.mark.parametrize("wanted", ["owner", "guardian", "boss"])
    def test_no_group_makes_owners(self, owner, staff, wanted):
        with pytest.raises(Invalid):
            groups.map_to(row=ScimGroup.objects.get(), role=wanted, class_id=None, by=owner)


class TestClasses:
    def test_students_learn_and_teachers_teach_in_it(self, scim, alpha, owner, people, staff):
        with alpha:
            school_class = make_class(owner, "7B")
        row = ScimGroup.objects.get()
        groups.map_to(row=row, role="", class_id=school_class.pk, by=owner)
        with alpha:
            assert ClassPupil.objects.filter(school_class=school_class).count() == 2
        groups.map_to(row=row, role="teacher", class_id=school_class.pk, by=owner)
        with alpha:
            assert not ClassPupil.objects.filter(school_class=school_class).exists()
            assert ClassTeacher.objects.filter(user=person(1)).exists()
        scim("DELETE", f"/Groups/{staff}")
        with alpha:
            assert not ClassTeacher.objects.exclude(user=owner).exists()

    def test_no_class_of_another_workspace(self, alpha, beta, owner, outsider, staff):
        with beta:
            theirs = make_class(outsider, "7B")
        with pytest.raises(Invalid):
            groups.map_to(row=ScimGroup.objects.get(), role="", class_id=theirs.pk, by=owner)
