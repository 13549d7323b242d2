"""A workspace whose members sign in by its own sign-in only."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.services import emails
from apps.sso.services import connections
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.jobs import work_off
from tests.factories.sso import require
from tests.integration.sso.visits import audited, come_in, connect, is_in, text


class TestRequired:
    @pytest.fixture
    def required(self, alpha, owner, sso, teacher, admin):
        for person in (owner, teacher, admin):
            emails.mark_verified(user=person)
        require(alpha, by=owner)
        return sso

    def by_password(self, client, person):
        return client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})

    def test_a_members_password_is_refused_with_a_pointer(self, browse, required, teacher):
        client = browse(None)
        answer = self.by_password(client, teacher)
        assert answer.status_code == 403
        assert "sign in with Alpha account" in text(answer)
        assert not is_in(client)

    def test_and_a_programs(self, browse, required, teacher):
        body = json.dumps({"email": teacher.email, "password": PASSWORD})
        answer = browse(None).post("/_allauth/app/v1/auth/login", body, "application/json")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "sso_required")

    def test_and_a_password_for_a_token(self, browse, required, teacher):
        body = json.dumps({"email": teacher.email, "password": PASSWORD})
        answer = browse(None).post("/api/v1/tokens/", body, "application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "sso_required")

    def test_and_a_mailed_code(self, browse, required, teacher, mailoutbox):
        client = browse(None)
        client.post("/accounts/login/code/", {"email": teacher.email})
        work_off()
        code = mailoutbox[-1].subject.split()[0]
        assert client.post("/accounts/login/code/confirm/", {"code": code}).status_code == 403
        assert not is_in(client)

    def test_a_ticket_from_the_public_host_opens_nothing(self, browse, required, teacher):
        entrance = browse(teacher, tenant=None).get("/workspaces/alpha/enter/").url
        client = browse(None)
        client.get("/enter/?" + entrance.partition("?")[2])
        assert client.get("/").url.startswith("/accounts/login/")

    def test_sessions_from_before_end(
        self, browse, alpha, owner, sso, teacher, django_capture_on_commit_callbacks
    ):
        client = browse(teacher)
        assert is_in(client)
        with django_capture_on_commit_callbacks(execute=True):
            require(alpha, by=owner)
        assert not is_in(client)

    def test_the_issuer_lets_members_in(self, browse, required, issuer, teacher):
        connect(required, teacher)
        client = browse(None)
        assert come_in(client, issuer).url == "/"
        assert is_in(client)

    def test_owners_keep_a_way_in_which_is_audited(self, browse, required, owner):
        client = browse(None)
        assert self.by_password(client, owner).status_code == 302
        assert is_in(client)
        assert audited("sso.bypassed").get().actor_label == owner.email

    def test_the_sign_in_page_leads_there_first(self, browse, required):
        page = text(browse(None).get("/accounts/login/"))
        assert page.index("Continue with Alpha account") < page.index("Owner, guardian or guest?")

    def test_the_gate_asks_the_database_nothing(
        self, browse, required, issuer, teacher, django_assert_num_queries, alpha
    ):
        connect(required, teacher)
        client = browse(None)
        come_in(client, issuer)
        client.get("/members/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/members/")
        assert not [q for q in queries.captured_queries if "sso_" in q["sql"].split("FROM")[-1]]

    def test_taking_the_sign_in_away_lets_passwords_in(
        self, browse, required, alpha, owner, teacher
    ):
        connections.remove(tenant=alpha, by=owner)
        assert self.by_password(browse(None), teacher).status_code == 302


def test_a_stranger_by_password_is_no_members_business(browse, sso, alpha, owner):
    require(alpha, by=owner)
    stranger = UserFactory(email="guest@home.example")
    emails.mark_verified(user=stranger)
    client = browse(None)
    client.post("/accounts/login/", {"login": stranger.email, "password": PASSWORD})
    assert client.get("/").status_code == 403
