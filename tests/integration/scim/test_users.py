"""Users: created, found, changed, switched off, and whom SCIM may not touch."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.audit.models import AuditEntry
from apps.scim.models import ScimUser
from apps.tenants.models import Invitation, Membership
from apps.tenants.services import invitations
from apps.usage.errors import LimitReached
from tests.factories.accounts import UserFactory
from tests.factories.scim import entra_user, okta_user, patch

INES = "ines@school.example"
OFF = patch({"op": "replace", "value": {"active": False}})
ON = patch({"op": "replace", "value": {"active": True}})


FILTERS = [
    ('userName eq "p1@school.example"', 1),
    ('userName eq "P1@SCHOOL.EXAMPLE"', 1),
    ('userName eq "nobody"', 0),
    ('externalId eq "e2"', 1),
    ('externalId eq "e2" and active eq true', 1),
    ('externalId eq "e2" and active eq false', 0),
    ('externalId eq "e1" or externalId eq "e3"', 2),
    ('not (externalId eq "e1")', 2),
    ('emails[type eq "work" and value eq "p3@school.example"]', 1),
    ('emails.value co "school"', 3),
    ('name.familyName sw "Ok"', 3),
    ("displayName pr", 3),
    ('meta.lastModified gt "2020-01-01T00:00:00Z"', 3),
    ('id eq "no-uuid"', 0),
    ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "p1@school.example"', 1),
]
NO_FILTERS = [
    "userName", "userName eq", 'password eq "x"', 'active eq "perhaps"', "(((", "\x00",
    'userName xx "y"', 'externalId eq "e1" and secret eq "x"', 'x"', "a" * 1001, "and or",
]  # fmt: skip


def member(email, tenant):
    return Membership.objects.filter(user__email=email, tenant=tenant).first()


class TestWhoComes:
    def test_a_verified_domain_makes_a_member_at_once(self, scim, alpha, verified):
        made = scim("POST", "/Users", okta_user(INES))
        assert made.status == 201
        assert made.headers["Location"].endswith(f"/scim/v2/Users/{made.body['id']}")
        assert made.headers["ETag"] == made.body["meta"]["version"]
        assert "password" not in made.body
        person = User.objects.get(email=INES)
        assert (person.name, person.has_usable_password()) == ("Ines Okta", False)
        assert emails.verified(user=person) == [INES]
        assert member(INES, alpha).role == "student"
        entry = AuditEntry.objects.get(action="scim_user.created")
        assert (entry.actor_label, entry.schema_name) == ("SCIM, Okta", "w_alpha")

    def test_so_does_a_domain_below_it(self, scim, alpha, verified):
        scim("POST", "/Users", entra_user("emil@pupils.school.example"))
        assert member("emil@pupils.school.example", alpha)

    @pytest.mark.parametrize("email", ["a@notschool.example", "a@school.example.evil.example"])
    def test_no_other_does(self, scim, alpha, verified, email):
        scim("POST", "/Users", okta_user(email))
        assert not User.objects.filter(email=email).exists()
        assert Invitation.objects.get().email == email

    def test_a_domain_whose_record_is_missing_vouches_for_nobody(self, scim, alpha, verified):
        verified.missing_since = verified.verified_at
        verified.save()
        scim("POST", "/Users", okta_user(INES))
        assert Invitation.objects.get().email == INES

    def test_an_account_elsewhere_is_linked_by_a_verified_domain_only(self, scim, alpha, verified):
        here = UserFactory(email=INES, name="Ines herself")
        away = UserFactory(email="omar@elsewhere.example")
        scim("POST", "/Users", okta_user(INES))
        scim("POST", "/Users", okta_user(away.email, externalId="2"))
        assert member(INES, alpha).user == here
        here.refresh_from_db()
        assert here.name == "Ines herself"
        assert member(away.email, alpha) is None

    def test_the_invited_decide(self, scim, alpha):
        made = scim("POST", "/Users", okta_user("omar@elsewhere.example"))
        assert (made.status, made.body["active"]) == (201, True)
        person = UserFactory(email="omar@elsewhere.example")
        invitations.accept(invitation=Invitation.objects.get(), by=person)
        assert ScimUser.objects.get().user == person
        scim("PATCH", f"/Users/{made.body['id']}", OFF)
        assert member(person.email, alpha).suspended_at

    def test_a_member_is_linked(self, scim, alpha, teacher):
        scim("POST", "/Users", okta_user(teacher.email))
        assert ScimUser.objects.get().user == teacher
        assert member(teacher.email, alpha).role == "teacher"
        assert not Invitation.objects.exists()

    def test_seats_are_kept(self, scim, alpha, verified, owner):
        alpha.configuration = {**alpha.configuration, "limits": {"members": 1}}
        alpha.save(update_fields=["configuration"])
        refused = scim("POST", "/Users", okta_user(INES))
        assert refused.status == LimitReached.status
        assert not ScimUser.objects.exists()

    @pytest.mark.parametrize("change", [{}, {"userName": INES.upper()}])
    def test_one_user_name_once(self, scim, verified, change):
        scim("POST", "/Users", okta_user(INES))
        again = scim("POST", "/Users", okta_user(INES, **change))
        assert (again.status, again.body["scimType"]) == (409, "uniqueness")
        assert again.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"userName": ""}, {"userName": None}, {"userName": "x" * 255}, {"active": "maybe"},
            {"userName": "nobody", "emails": []}, {"emails": ["x"]}, {"name": "Ines"},
            {"emails": [{"value": "no address"}]}, {"displayName": "a\x00b"},
        ],
    )  # fmt: skip
    def test_wrong_values_are_named(self, scim, wrong):
        answer = scim("POST", "/Users", okta_user(INES, **wrong))
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")


class TestChanges:
    @pytest.fixture
    def ines(self, scim, verified):
        return f"/Users/{scim('POST', '/Users', okta_user(INES)).body['id']}"

    def test_switched_off_and_on(self, scim, alpha, ines):
        assert scim("PATCH", ines, OFF).body["active"] is False
        assert member(INES, alpha).suspended_at
        assert User.objects.get(email=INES).is_active
        scim("PATCH", ines, ON)
        assert member(INES, alpha).suspended_at is None

    def test_put_replaces(self, scim, ines):
        whole = okta_user(INES, displayName="", name={"givenName": "Inês", "familyName": "Nova"})
        assert scim("PUT", ines, whole).body["name"]["formatted"] == "Inês Nova"
        assert User.objects.get(email=INES).name == "Inês Nova"

    def test_the_address_follows_within_verified_domains(self, scim, ines):
        path = 'emails[type eq "work"].value'
        moved = patch({"op": "Replace", "path": path, "value": "nova@school.example"})
        assert scim("PATCH", ines, moved).status == 200
        person = User.objects.get(email="nova@school.example")
        assert emails.verified(user=person) == ["nova@school.example"]
        away = patch({"op": "Replace", "path": path, "value": "nova@evil.example"})
        assert scim("PATCH", ines, away).status == 400

    def test_nobody_is_given_anothers_address(self, scim, ines, teacher):
        UserFactory(email="head@school.example")
        path = 'emails[type eq "work"].value'
        taken = patch({"op": "Replace", "path": path, "value": "head@school.example"})
        assert scim("PATCH", ines, taken).status == 409

    def test_whoever_is_elsewhere_too_keeps_their_name(self, scim, ines, beta):
        person = User.objects.get(email=INES)
        Membership.objects.create(user=person, tenant=beta, role="teacher")
        scim("PATCH", ines, patch({"op": "replace", "value": {"displayName": "Renamed"}}))
        person.refresh_from_db()
        assert person.name == "Ines Okta"

    def test_deleting_ends_the_membership_and_no_more(self, scim, alpha, ines):
        assert scim("DELETE", ines).status == 204
        assert scim("GET", ines).status == 404
        assert member(INES, alpha) is None
        assert User.objects.filter(email=INES).exists()
        assert scim("POST", "/Users", okta_user(INES)).status == 201

    def test_deleting_takes_an_invitation_back(self, scim):
        made = scim("POST", "/Users", okta_user("omar@elsewhere.example"))
        scim("DELETE", f"/Users/{made.body['id']}")
        assert not Invitation.objects.open().exists()

    def test_versions(self, scim, ines):
        version = scim("GET", ines).headers["ETag"]
        assert scim("GET", ines, **{"If-None-Match": version}).status == 304
        assert scim("PATCH", ines, OFF, **{"If-Match": version}).status == 200
        assert scim("PATCH", ines, ON, **{"If-Match": version}).status == 412
        assert scim("DELETE", ines, **{"If-Match": version}).status == 412

    def test_what_changes_nothing_leaves_no_trace(self, scim, ines):
        version = scim("GET", ines).headers["ETag"]
        assert scim("PATCH", ines, ON).headers["ETag"] == version
        assert not AuditEntry.objects.filter(action="scim_user.changed").exists()

    def test_whoever_was_removed_here_is_inactive_there(self, scim, alpha, owner, ines):
        from apps.tenants.services import memberships

        memberships.remove(membership=member(INES, alpha), by=owner)
        assert scim("GET", ines).body["active"] is False


class TestOwners:
    @pytest.fixture
    def olivia(self, scim, owner):
        return f"/Users/{scim('POST', '/Users', okta_user(owner.email)).body['id']}"

    def test_are_linked_and_left_alone(self, scim, alpha, owner, olivia):
        assert scim("PATCH", olivia, OFF).status == 403
        assert scim("DELETE", olivia).status == 403
        assert scim("PATCH", olivia, patch({"op": "replace", "value": {"displayName": "X"}}))
        membership = member(owner.email, alpha)
        assert (membership.role, membership.suspended_at) == ("owner", None)
        owner.refresh_from_db()
        assert owner.name == "Olivia Owner"

    def test_sent_as_inactive_they_are_refused(self, scim, owner):
        assert scim("POST", "/Users", okta_user(owner.email, active=False)).status == 403


class TestLists:
    @pytest.fixture(autouse=True)
    def _three(self, scim, verified):
        for number in (1, 2, 3):
            scim("POST", "/Users", okta_user(f"p{number}@school.example", externalId=f"e{number}"))

    def test_filters(self, scim):
        for wanted, found in FILTERS:
            answer = scim("GET", f"/Users?filter={quote(wanted)}")
            assert (answer.status, answer.body.get("totalResults")) == (200, found), wanted

    def test_filters_that_are_none(self, scim):
        for wanted in NO_FILTERS:
            answer = scim("GET", f"/Users?filter={quote(wanted)}")
            assert (answer.status, answer.body.get("scimType")) == (400, "invalidFilter"), wanted

    def test_pages(self, scim):
        page = scim("GET", "/Users?startIndex=2&count=1").body
        assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
        assert [each["externalId"] for each in page["Resources"]] == ["e2"]
        assert scim("GET", "/Users?count=0").body["Resources"] == []
        assert scim("GET", "/Users?startIndex=0&count=-5").body["startIndex"] == 1
        assert scim("GET", "/Users?startIndex=x").status == 400

    def test_as_many_queries_whatever_their_length(
        self, scim, uncleared, django_assert_num_queries, django_assert_max_num_queries
    ):
        scim("GET", "/Users")
        with django_assert_max_num_queries(10) as queries:
            scim("GET", "/Users?count=1")
        with django_assert_num_queries(len(queries)):
            scim("GET", "/Users?count=3")
