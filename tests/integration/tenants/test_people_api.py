"""`/api/v1/members/` and `/api/v1/invitations/`, for people and their apps."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.mail.models import Message
from apps.tenants.models import Invitation, Membership
from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key
from tests.factories.tenants import invite, make_member
from tests.fixtures.problems import kinds

MEMBERS = "/api/v1/members/"
INVITATIONS = "/api/v1/invitations/"
JSON = "application/json"


@pytest.fixture
def client(browse, owner):
    return browse(owner)


def post(client, path, **body):
    return client.post(path, body, content_type=JSON)


class TestMembers:
    def test_they_are_listed(self, client, owner, teacher, outsider):
        rows = client.get(MEMBERS).json()["results"]
        assert {row["email"]: row["role"] for row in rows} == {
            "olivia@alpha.example": "owner",
            "tom@alpha.example": "teacher",
        }
        found = client.get(MEMBERS, {"email": "TOM@alpha.example", "fields": "name"}).json()
        assert found["results"] == [{"name": "Tom Teacher"}]

    def test_the_list_costs_the_same_whatever_its_length(
        self, client, alpha, teacher, django_assert_num_queries
    ):
        client.get(MEMBERS)
        with CaptureQueriesContext(connection) as few:
            client.get(MEMBERS)
        asked = len(few)
        for _ in range(4):
            make_member(alpha, "student")
        with django_assert_num_queries(asked):
            assert len(client.get(MEMBERS).json()["results"]) == 6

    def test_a_role_is_changed_as_one_saw_it(self, client, alpha, teacher):
        one = f"{MEMBERS}{Membership.objects.get(user=teacher, tenant=alpha).pk}/"
        seen = client.get(one)["ETag"]
        changes = [
            client.patch(
                one, {"role": role}, content_type=JSON, headers={"If-Match": seen}
            ).status_code
            for role in ("admin", "student")
        ]
        assert changes == [200, 412]
        assert client.get(one).json()["role"] == "admin"
        assert client.delete(one).status_code == 204
        assert client.get(one).status_code == 404

    def test_the_last_owner_stays(self, client, owner, alpha):
        one = f"{MEMBERS}{Membership.objects.get(user=owner, tenant=alpha).pk}/"
        assert client.delete(one).json()["code"] == "last_owner"

    def test_an_unknown_role_is_told_at_its_place(self, client, teacher, alpha):
        one = f"{MEMBERS}{Membership.objects.get(user=teacher, tenant=alpha).pk}/"
        answer = client.patch(one, {"role": "king"}, content_type=JSON)
        assert (answer.status_code, list(kinds(answer))) == (422, ["#/role"])


class TestInvitations:
    def test_from_sending_to_taking_back(self, client, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            made = post(client, INVITATIONS, email="nina@alpha.example", role="admin")
        assert (made.status_code, made.json()["state"]) == (201, "open")
        assert Message.objects.filter(to="nina@alpha.example").count() == 1
        one = f"{INVITATIONS}{made.json()['id']}/"
        assert client.post(f"{one}resend/").status_code == 200
        assert client.delete(one).status_code == 204
        assert client.get(one).json()["state"] == "revoked"
        assert client.post(f"{one}resend/").status_code in {404, 410}

    def test_many_each_with_an_outcome(self, client, teacher):
        emails = ["a@x.example", "tom@alpha.example", "nonsense", "b@x.example"]
        answer = post(client, f"{INVITATIONS}bulk/", emails=emails, role="teacher")
        shown = answer.json()
        assert (answer.status_code, shown["succeeded"], shown["failed"]) == (207, 2, 2)
        assert [row["status"] for row in shown["results"]] == [201, 409, 422, 201]
        assert shown["results"][2]["problem"]["errors"][0]["pointer"] == "#/email"
        assert set(Invitation.objects.values_list("email", flat=True)) == {
            "a@x.example",
            "b@x.example",
        }

    def test_all_or_nothing(self, client, teacher):
        emails = ["a@x.example", "tom@alpha.example"]
        answer = post(client, f"{INVITATIONS}bulk/", emails=emails, all_or_nothing=True)
        assert (answer.status_code, answer.json()["code"]) == (409, "bulk_refused")
        assert not Invitation.objects.exists()


@pytest.mark.parametrize("path", [MEMBERS, INVITATIONS])
def test_others_get_nothing(browse, outsider, student, alpha, path):
    assert browse(None).get(path).status_code == 401
    assert browse(outsider).get(path).status_code == 403
    assert browse(student).get(path).status_code == 403
    _, secret = make_key(alpha, scopes=list(SCOPES))
    key = Client(SERVER_NAME=alpha.own_host, headers={"authorization": f"Bearer {secret}"})
    assert key.get(path).status_code == 403


def test_a_neighbours_people_are_as_none(client, beta, outsider):
    membership = Membership.objects.get(user=outsider, tenant=beta)
    invitation = invite(beta, by=outsider)
    for method, path in (
        ("get", f"{MEMBERS}{membership.pk}/"),
        ("patch", f"{MEMBERS}{membership.pk}/"),
        ("delete", f"{MEMBERS}{membership.pk}/"),
        ("get", f"{INVITATIONS}{invitation.pk}/"),
        ("delete", f"{INVITATIONS}{invitation.pk}/"),
        ("post", f"{INVITATIONS}{invitation.pk}/resend/"),
    ):
        about = {"data": {"role": "student"}, "content_type": JSON} if method == "patch" else {}
        assert getattr(client, method)(path, **about).status_code == 404, (method, path)
