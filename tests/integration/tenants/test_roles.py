"""Roles that a workspace makes itself: rules, pages, API, and that nobody reaches beyond."""

from __future__ import annotations

import json

import pytest

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.tenants import roles
from apps.tenants.access import permissions_of
from apps.tenants.errors import PermissionMissing, RoleBeyondReach, RoleChanged, RoleInUse
from apps.tenants.models import CustomRole, Invitation, Membership
from apps.tenants.permissions import ADMIN
from apps.tenants.services import configuration, invitations, memberships
from apps.tenants.services import roles as services
from tests.factories.accounts import UserFactory
from tests.factories.gateway import make_key
from tests.factories.tenants import MembershipFactory, invite, make_member, make_role

API = "application/json"


class TestMaking:
    def test_its_people_hold_what_it_says_and_come_in(self, alpha, admin):
        role = services.create(
            tenant=alpha, name="Release manager", based_on="teacher", by=admin,
            permissions=["deployments.promote"],
        )  # fmt: skip
        person = make_member(alpha, role)
        assert role.key == "release-manager"
        assert permissions_of(person, tenant=alpha) == {"workspace.view", "deployments.promote"}
        assert AuditEntry.objects.filter(action="role.created", actor_id=admin.pk).exists()

    def test_nobody_gives_what_they_do_not_hold(self, alpha, admin):
        with pytest.raises(RoleBeyondReach) as refused:
            services.create(
                tenant=alpha, name="Strong", based_on="admin", by=admin,
                permissions=["features.update"],
            )  # fmt: skip
        assert refused.value.extra["missing"] == ["features.update"]

    def test_what_is_switched_off_is_not_given_either(self, alpha, owner, admin):
        configuration.change(tenant=alpha, by=None, features={"api": False})
        alpha.refresh_from_db()
        with pytest.raises(RoleBeyondReach):
            services.create(
                tenant=alpha, name="Keys", based_on="student", by=make_member(
                    alpha, make_role(alpha, "roles.create", "audit.view", name="Maker")
                ), permissions=["api_keys.create"],
            )  # fmt: skip

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "teacher"}, "name"),
            ({"name": "x" * 61}, "name"),
            ({"based_on": "owner"}, "based_on"),
            ({"permissions": ["rockets.launch"]}, "permissions"),
            ({"permissions": ["workspace.delete"]}, "permissions"),
            ({"description": "x" * 201}, "description"),
        ],
    )
    def test_nonsense_is_refused_at_its_field(self, alpha, owner, wrong, field):
        wish = {"name": "A", "based_on": "teacher", "permissions": ["audit.view"]}
        with pytest.raises(Invalid) as refused:
            services.create(tenant=alpha, by=owner, **(wish | wrong))
        assert list(refused.value.errors) == [field]

    def test_a_name_is_taken_once_in_any_letters(self, alpha, beta, owner):
        make_role(alpha, name="Coach")
        with pytest.raises(Invalid, match=r"."):
            make_role(alpha, name="COACH")
        assert make_role(beta, name="Coach").key == "coach"

    def test_teachers_make_none(self, alpha, teacher):
        with pytest.raises(PermissionMissing):
            services.create(tenant=alpha, name="A", based_on="student", permissions=[], by=teacher)


class TestChanging:
    def test_it_holds_for_its_people_at_once(self, alpha, owner, browse):
        role = make_role(alpha, "members.view")
        client = browse(make_member(alpha, role))
        assert client.get("/audit/").status_code == 403
        services.change(role=role, by=owner, permissions=["audit.view"], version=1)
        assert client.get("/audit/").status_code == 200
        told = AuditEntry.objects.get(action="role.changed").data
        assert (told["added"], told["removed"]) == (["audit.view"], ["members.view"])

    def test_an_overtaken_change_is_refused(self, alpha, owner):
        role = make_role(alpha)
        services.change(role=role, by=owner, name="One", version=1)
        with pytest.raises(RoleChanged):
            services.change(role=role, by=owner, name="Two", version=1)

    def test_a_role_beyond_ones_own_is_left_alone(self, alpha, admin):
        role = make_role(alpha, "features.update")
        with pytest.raises(RoleBeyondReach):
            services.change(role=role, by=admin, permissions=[])
        with pytest.raises(RoleBeyondReach):
            services.delete(role=role, by=admin)

    def test_permissions_of_a_newer_release_are_kept_and_not_granted(self, alpha, owner):
        role = make_role(alpha)
        CustomRole.objects.update(permissions=["rockets.launch", "workspace.view"])
        role = services.change(role=role, by=owner, name="Other")
        assert role.permissions == ["rockets.launch", "workspace.view"]
        assert role.granted == {"workspace.view"}

    def test_owners_alone_stays_with_owners_whatever_a_row_says(self, alpha):
        role = make_role(alpha)
        CustomRole.objects.update(permissions=["members.make_owner", "workspace.view"])
        assert permissions_of(make_member(alpha, role), tenant=alpha) == {"workspace.view"}


class TestDeleting:
    def test_its_people_and_invitations_get_another(self, alpha, owner):
        role = make_role(alpha, "audit.view")
        person = make_member(alpha, role)
        invitation = invite(alpha, owner, role=role.key)
        with pytest.raises(RoleInUse):
            services.delete(role=role, by=owner)
        assert services.delete(role=role, by=owner, replacement="student") == 1
        assert alpha.memberships.get(user=person).role_key == "student"
        invitation.refresh_from_db()
        assert (invitation.role_key, invitation.state) == ("student", "open")
        told = AuditEntry.objects.get(action="role.deleted").data
        assert told["people"] == [person.email]

    def test_nobody_becomes_owner_by_it(self, alpha, owner):
        role = make_role(alpha)
        make_member(alpha, role)
        with pytest.raises(Invalid):
            services.delete(role=role, by=owner, replacement="owner")

    def test_an_unused_one_just_goes(self, alpha, owner):
        assert services.delete(role=make_role(alpha), by=owner) == 0


class TestGiving:
    def test_features_withhold_from_roles_based_on_theirs(self, alpha):
        coach = make_member(alpha, make_role(alpha, "releases.create", name="Coach"))
        clerk = make_member(
            alpha, make_role(alpha, "releases.create", name="Clerk", based_on="admin")
        )
        configuration.change(tenant=alpha, by=None, features={"teacher_uploads": False})
        alpha.refresh_from_db()
        assert "releases.create" not in permissions_of(coach, tenant=alpha)
        assert "releases.create" in permissions_of(clerk, tenant=alpha)

    def test_a_receptionist_brings_in_students_and_nobody_stronger(self, alpha):
        desk = make_member(alpha, make_role(alpha, "members.invite", name="Desk"))
        assert invite(alpha, desk, "a@b.example", role="student").role == "student"
        assert invite(alpha, desk, "g@b.example", role="guardian").role == "guardian"
        with pytest.raises(RoleBeyondReach):
            invite(alpha, desk, "c@b.example", role="teacher")
        with pytest.raises(PermissionMissing):
            invite(alpha, desk, "d@b.example", role="owner")

    def test_an_invitation_can_carry_one(self, alpha, admin):
        role = make_role(alpha, "audit.view")
        person = UserFactory(email="new@school.example")
        invitations.accept(invitation=invite(alpha, admin, role=role.key), by=person)
        assert alpha.memberships.get(user=person).custom_role == role

    def test_a_member_gets_one_and_loses_it(self, alpha, admin, teacher):
        membership, role = Membership.objects.get(user=teacher), make_role(alpha, "audit.view")
        assert memberships.change_role(
            membership=membership, role=role.key, by=admin
        ).role_name == ("Release manager")
        changed = memberships.change_role(membership=membership, role="teacher", by=admin)
        assert (changed.role_key, changed.custom_role) == ("teacher", None)

    def test_people_above_are_neither_changed_nor_removed(self, alpha, owner, admin, teacher):
        helper = make_member(alpha, make_role(alpha, "members.update", "members.remove", name="H"))
        membership = Membership.objects.get(user=teacher)
        with pytest.raises(RoleBeyondReach):
            memberships.change_role(membership=membership, role="student", by=helper)
        with pytest.raises(RoleBeyondReach):
            memberships.remove(membership=membership, by=helper)

    def test_a_neighbours_role_is_no_role(self, alpha, beta, admin, teacher):
        make_role(beta, name="Coach")
        with pytest.raises(Invalid):
            memberships.change_role(
                membership=Membership.objects.get(user=teacher), role="coach", by=admin
            )

    def test_a_refusal_calls_the_role_by_its_name(self, alpha, browse):
        client = browse(make_member(alpha, make_role(alpha, name="Coach")))
        assert "Your role here, coach" in client.get("/members/").content.decode()

    def test_reach_is_the_same_for_pages_and_services(self, alpha, admin):
        membership = Membership.objects.get(user=admin)
        assert roles.Reach.of(admin, tenant=alpha) == roles.Reach.of_member(membership)
        assert roles.Reach.of(admin, tenant=alpha).held == ADMIN


class TestPages:
    form = {"name": "Coach", "description": "", "permissions": ["releases.view", "jobs.view"]}

    def test_the_list_the_copy_and_the_comparison(self, browse, admin, alpha):
        make_role(alpha, "audit.view")
        client = browse(admin)
        assert "Release manager" in client.get("/settings/roles/").content.decode()
        page = client.get("/settings/roles/new/?from=release-manager").content.decode()
        assert 'value="audit.view" checked' in page
        assert 'value="features.update" disabled' in page
        assert "Release manager" in client.get("/settings/roles/compare/").content.decode()
        assert (
            "comes with the product" in client.get("/settings/roles/role/owner/").content.decode()
        )

    def test_making_changing_deleting(self, browse, owner, alpha):
        client = browse(owner)
        assert client.post("/settings/roles/new/?from=student", self.form).status_code == 302
        role = CustomRole.objects.get()
        assert (role.based_on, role.permissions) == (
            "student", ["jobs.view", "releases.view", "workspace.view"],
        )  # fmt: skip
        url = f"/settings/roles/role/{role.key}/"
        assert client.get(url).status_code == 200
        assert client.post(url, {**self.form, "name": "", "version": 1}).status_code == 422
        assert client.post(url, {**self.form, "name": "C", "version": 1}).status_code == 302
        assert "changed since" in client.post(url, {**self.form, "version": 1}).content.decode()
        make_member(alpha, role)
        assert client.post(f"{url}delete/", {"replacement": "student"}).status_code == 302
        assert not CustomRole.objects.exists()

    def test_an_admin_reads_what_is_beyond_and_cannot_send_it(self, browse, admin, alpha):
        role = make_role(alpha, "features.update")
        client = browse(admin)
        assert "holds more than yours" in (
            client.get(f"/settings/roles/role/{role.key}/").content.decode()
        )
        assert client.post(f"/settings/roles/role/{role.key}/", self.form).status_code == 404

    def test_a_neighbours_role_is_not_there(self, browse, owner, beta):
        key = make_role(beta, name="Theirs").key
        client = browse(owner)
        assert client.get(f"/settings/roles/role/{key}/").status_code == 404
        assert client.post(f"/settings/roles/role/{key}/delete/").status_code == 404

    def test_members_may_be_given_it(self, browse, admin, alpha, teacher):
        make_role(alpha, "audit.view")
        assert "Make release manager" in browse(admin).get("/members/").content.decode()

    @pytest.mark.parametrize("url", ["/settings/roles/", "/members/", "/settings/roles/compare/"])
    def test_the_number_of_queries_does_not_grow(
        self, browse, owner, alpha, url, django_assert_max_num_queries
    ):
        client = browse(owner)
        client.get(url)
        for n in range(6):
            MembershipFactory(
                tenant=alpha, role="teacher", custom_role=make_role(alpha, name=f"R{n}")
            )
        with django_assert_max_num_queries(10):
            client.get(url)


class TestApi:
    def test_who_am_i(self, browse, alpha):
        person = make_member(alpha, make_role(alpha, "audit.view"))
        told = browse(person).get("/api/v1/me/").json()
        assert told["person"]["email"] == person.email
        assert told["membership"]["role"] == {
            "key": "release-manager", "name": "Release manager", "based_on": "teacher",
        }  # fmt: skip
        assert told["permissions"] == ["audit.view", "workspace.view"]
        assert told["workspace"]["slug"] == "alpha"

    def test_a_key_asks_too(self, alpha, browse):
        _, secret = make_key(alpha, scopes=["workspace.view", "releases.view"])
        told = browse(None).get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"}).json()
        assert (told["kind"], told["person"], told["membership"]) == ("api_key", None, None)
        assert told["permissions"] == ["releases.view", "workspace.view"]

    def test_the_life_of_a_role(self, browse, owner, alpha):
        client = browse(owner)
        wish = {"name": "Coach", "permissions": ["jobs.view"]}
        made = client.post("/api/v1/roles/", wish, content_type=API)
        assert (made.status_code, made.json()["key"]) == (201, "coach")
        listed = client.get("/api/v1/roles/").json()["results"]
        assert [one["key"] for one in listed][-2:] == ["guardian", "coach"]
        url = "/api/v1/roles/coach/"
        etag = client.get(url)["ETag"]
        body = json.dumps({"permissions": ["audit.view"]})
        assert client.patch(url, body, API).status_code == 428
        changed = client.patch(url, body, API, headers={"If-Match": etag})
        assert changed.json()["permissions"] == ["audit.view", "workspace.view"]
        assert client.patch(url, body, API, headers={"If-Match": etag}).status_code == 412
        make_member(alpha, CustomRole.objects.get())
        assert client.delete(url).json()["code"] == "role_in_use"
        assert client.delete(f"{url}?replacement=student").status_code == 204

    @pytest.mark.parametrize("method", ["get", "patch", "delete"])
    def test_a_neighbours_role_is_not_there(self, browse, owner, beta, method):
        make_role(beta, name="Theirs")
        answer = getattr(browse(owner), method)(
            "/api/v1/roles/theirs/", headers={"If-Match": "*"}, content_type=API
        )
        assert answer.status_code == 404

    def test_built_in_ones_stay(self, browse, owner):
        client = browse(owner)
        assert client.get("/api/v1/roles/owner/").status_code == 200
        assert client.delete("/api/v1/roles/owner/").status_code == 404

    def test_an_invitation_to_nothing_is_refused(self, alpha, admin):
        with pytest.raises(Invalid):
            invite(alpha, admin, role="coach")
        assert not Invitation.objects.exists()
