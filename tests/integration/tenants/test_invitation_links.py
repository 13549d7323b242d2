"""Links that let people in, and many invitations at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.tenants.errors import InvitationGone, PermissionMissing, RoleBeyondReach, WrongAddress
from apps.tenants.models import InvitationLink
from apps.tenants.services import invitation_links, invitations
from apps.usage.errors import LimitReached
from tests.factories.accounts import UserFactory
from tests.factories.tenants import invite, make_member, make_role

API = "application/json"


def make_link(tenant, by, **about):
    wish = {"name": "Class 7b", "role": "student", "most_uses": 2}
    return invitation_links.create(tenant=tenant, by=by, **(wish | about))


def token_of(address):
    return address.rstrip("/").rpartition("/")[2]


class TestMaking:
    def test_only_a_hash_is_kept_and_it_is_found_by_its_secret(self, alpha, admin):
        link, address = make_link(alpha, admin)
        assert token_of(address) not in str(InvitationLink.objects.values().get())
        assert invitation_links.find_by_token(token=token_of(address)) == link
        assert AuditEntry.objects.filter(action="invitation_link.created").exists()

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": " "}, "name"), ({"most_uses": 0}, "most_uses"), ({"days": 91}, "days"),
            ({"role": "owner"}, "role"), ({"role": "coach"}, "role"),
            ({"email_domain": "no domain"}, "email_domain"),
        ],
    )  # fmt: skip
    def test_nonsense_is_refused_at_its_field(self, alpha, owner, wrong, field):
        with pytest.raises(Invalid) as refused:
            make_link(alpha, owner, **wrong)
        assert list(refused.value.errors) == [field]

    def test_nobody_offers_more_than_they_hold(self, alpha, teacher):
        desk = make_member(alpha, make_role(alpha, "members.invite"))
        with pytest.raises(RoleBeyondReach):
            make_link(alpha, desk, role="admin")
        with pytest.raises(PermissionMissing):
            make_link(alpha, teacher)

    def test_it_keeps_its_seats(self, alpha, admin):
        alpha.configuration = {"limits": {"members": 4}}
        alpha.save()
        make_link(alpha, admin, most_uses=2)
        with pytest.raises(LimitReached):
            make_link(alpha, admin, most_uses=2)
        invite(alpha, admin, "last@school.example")
        with pytest.raises(LimitReached):
            invite(alpha, admin, "toomany@school.example")


class TestJoining:
    def test_as_many_as_it_says(self, alpha, admin):
        link, _ = make_link(alpha, admin, role=make_role(alpha, "audit.view").key)
        people = UserFactory.create_batch(3)
        for person in people[:2]:
            assert invitation_links.accept(link=link, by=person).role_name == "Release manager"
        with pytest.raises(InvitationGone):
            invitation_links.accept(link=link, by=people[2])
        link.refresh_from_db()
        assert (link.uses, link.state, link.uses_left) == (2, "used", 0)

    def test_a_member_uses_nothing_up_and_stays_what_they_are(self, alpha, admin, teacher):
        link, _ = make_link(alpha, admin)
        assert invitation_links.accept(link=link, by=teacher).role == "teacher"
        link.refresh_from_db()
        assert link.uses == 0

    def test_only_with_a_confirmed_address_of_the_domain(self, alpha, admin):
        link, _ = make_link(alpha, admin, email_domain="@School.example")
        person = UserFactory(email="ann@elsewhere.example")
        mine = person.emailaddress_set.create(email="ann@school.example", verified=False)
        person.emailaddress_set.create(email="ann@not-school.example", verified=True)
        with pytest.raises(WrongAddress):
            invitation_links.accept(link=link, by=person)
        mine.verified = True
        mine.save()
        assert invitation_links.accept(link=link, by=person).role == "student"

    @pytest.mark.parametrize("spoil", ["revoke", "expire"])
    def test_a_spent_one_opens_nothing(self, alpha, admin, spoil):
        link, address = make_link(alpha, admin)
        if spoil == "revoke":
            invitation_links.revoke(link=link, by=admin)
        else:
            InvitationLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(InvitationGone):
            invitation_links.find_by_token(token=token_of(address))
        with pytest.raises(InvitationGone):
            invitation_links.accept(link=link, by=UserFactory())
        assert invitations.promised(alpha) == (0, 0)


class TestPages:
    form = {"name": "7b", "role": "student", "most_uses": 5, "days": 7, "email_domain": ""}

    def test_it_is_shown_once_with_a_code_to_scan(self, browse, admin):
        client = browse(admin)
        made = client.post("/members/links/new/", self.form)
        assert made.status_code == 201
        assert made.context["address"] in made.content.decode()
        assert "<svg" in made.content.decode()
        page = client.get("/members/").content.decode()
        assert "0 of 5" in page
        assert made.context["address"] not in page

    def test_nonsense_is_refused(self, browse, admin):
        answer = browse(admin).post("/members/links/new/", {**self.form, "most_uses": 0})
        assert answer.status_code == 422

    def test_strangers_are_led_to_an_account_and_join(self, browse, alpha, admin, outsider):
        _, address = make_link(alpha, admin)
        path = address.partition("localhost:8000")[2]
        assert "Make an account" in browse(None, tenant=None).get(path).content.decode()
        answer = browse(outsider, tenant=None).post(path)
        assert answer.url.startswith(f"{alpha.own_url}/enter/?ticket=")
        assert alpha.memberships.get(user=outsider).role == "student"

    def test_the_wrong_domain_is_said_on_the_page(self, browse, alpha, admin, outsider):
        _, address = make_link(alpha, admin, email_domain="school.example")
        answer = browse(outsider, tenant=None).post(address.partition("localhost:8000")[2])
        assert answer.status_code == 403
        assert "addresses of school.example" in answer.content.decode()

    def test_a_made_up_one_opens_nothing(self, browse):
        assert browse(None, tenant=None).get("/invitations/link/made-up/").status_code == 410

    def test_ending_and_that_a_neighbours_is_not_there(self, browse, alpha, beta, admin, outsider):
        mine, _ = make_link(alpha, admin)
        theirs, _ = make_link(beta, outsider)
        client = browse(admin)
        assert client.post(f"/members/links/{theirs.pk}/revoke/").status_code == 404
        assert client.post(f"/members/links/{mine.pk}/revoke/").status_code == 302
        mine.refresh_from_db()
        assert mine.state == "revoked"


class TestMany:
    def test_out_of_a_file_and_pasted(self, browse, admin, alpha):
        text = b'name;e-mail\nAda Lovelace;ada@school.example\n"Bob";"bob@school.example"\n'
        file = SimpleUploadedFile("people.csv", text)
        wish = {"emails": "eve@school.example", "role": "teacher", "file": file}
        assert browse(admin).post("/members/invite/many/", wish).url == "/members/"
        assert set(alpha.invitations.values_list("email", flat=True)) == {
            "ada@school.example", "bob@school.example", "eve@school.example",
        }  # fmt: skip

    def test_what_is_refused_stays_in_the_form(self, browse, admin, teacher):
        wish = {"emails": f"new@school.example {teacher.email}", "role": "teacher"}
        answer = browse(admin).post("/members/invite/many/", wish)
        assert answer.status_code == 422
        assert "is a member of Alpha already" in answer.content.decode()

    def test_none_is_said(self, browse, admin):
        answer = browse(admin).post("/members/invite/many/", {"emails": "", "role": "teacher"})
        assert "at least one" in answer.content.decode()


class TestApi:
    def test_the_life_of_a_link(self, browse, admin):
        client = browse(admin)
        wish = {"name": "7b", "role": "student", "most_uses": 3}
        made = client.post("/api/v1/invitation-links/", wish, content_type=API)
        assert made.status_code == 201
        assert "/invitations/link/" in made.json()["url"]
        listed = client.get("/api/v1/invitation-links/").json()["results"]
        assert [(one["name"], one["uses"], one["state"]) for one in listed] == [("7b", 0, "open")]
        assert "url" not in listed[0]
        url = f"/api/v1/invitation-links/{made.json()['id']}/"
        assert client.delete(url).status_code == 204
        assert client.get(url).json()["state"] == "revoked"

    @pytest.mark.parametrize("kind", ["members", "invitation-links"])
    def test_a_neighbours_is_not_there_and_queries_do_not_grow(
        self, browse, admin, alpha, beta, outsider, kind, django_assert_max_num_queries
    ):
        theirs = {
            "members": beta.memberships.get(user=outsider),
            "invitation-links": make_link(beta, outsider)[0],
        }[kind]
        client = browse(admin)
        assert client.get(f"/api/v1/{kind}/{theirs.pk}/").status_code == 404
        assert client.delete(f"/api/v1/{kind}/{theirs.pk}/").status_code == 404
        for n in range(5):
            make_member(alpha, make_role(alpha, name=f"R{n}"))
            invite(alpha, admin, f"n{n}@school.example")
            make_link(alpha, admin, most_uses=1)
        with django_assert_max_num_queries(10):
            client.get(f"/api/v1/{kind}/")
