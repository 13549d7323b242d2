"""Tokens of apps and scripts: bound, exchanged once, ended at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from apps.accounts.models import UserSession
from apps.accounts.services import emails, people
from apps.audit.models import AuditEntry
from apps.gateway.services import token_sessions
from apps.tenants.services import memberships
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.tenants import MembershipFactory

URL = "/api/v1/tokens/"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh_counters():
    cache.clear()


@pytest.fixture
def program(alpha):
    """A script on Alpha's host, or another's."""

    def call(method, path, token="", *, tenant=alpha, **body):
        client = Client(SERVER_NAME=tenant.host if tenant else "localhost")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if method != "post":
            return getattr(client, method)(path, headers=headers)
        return client.post(path, body, content_type="application/json", headers=headers)

    return call


@pytest.fixture
def sign_in(program, teacher):
    emails.mark_verified(user=teacher)

    def ask(**changes):
        given = {"email": teacher.email, "password": PASSWORD, "name": "Nightly upload"}
        return program("post", URL, **{**given, **changes})

    return ask


@pytest.fixture
def pair(sign_in):
    return sign_in().json()


def works(program, token, **where):
    return program("get", "/api/v1/workspace/", token, **where).status_code == 200


def exchange(program, token, **where):
    return program("post", f"{URL}refresh/", refresh_token=token, **where)


def test_e_mail_and_password_give_a_pair(sign_in, program):
    answer = sign_in()
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    given = answer.json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 600)
    assert works(program, given["access_token"])


def test_it_is_listed_with_the_browsers(pair, browse, teacher):
    page = browse(teacher).get("/accounts/sessions/").content.decode()
    assert "Nightly upload" in page
    assert "App or script" in page


def test_the_session_belongs_to_person_and_role(pair, program):
    # a teacher may look at releases and not at keys
    assert program("get", "/api/v1/releases/", pair["access_token"]).status_code == 200
    assert program("get", "/api/v1/workspace/domains/", pair["access_token"]).status_code == 403


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"email": "nobody@school.example"}])
def test_known_or_not_the_answer_is_the_same(sign_in, wrong):
    answer = sign_in(**wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_refused")


def test_guessing_is_stopped(sign_in):
    for _ in range(5):
        sign_in(password="wrong")
    assert sign_in(password="wrong").json()["code"] == "too_many_attempts"


def test_an_unconfirmed_address_opens_nothing(program, admin):
    answer = program("post", URL, email=admin.email, password=PASSWORD)
    assert answer.json()["code"] == "email_unverified"


def test_people_of_other_workspaces_get_none(program, outsider):
    emails.mark_verified(user=outsider)
    answer = program("post", URL, email=outsider.email, password=PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_member")


class TestBinding:
    def test_another_workspace_refuses_both(self, pair, program, teacher, beta):
        MembershipFactory(user=teacher, tenant=beta, role="teacher")
        assert not works(program, pair["access_token"], tenant=beta)
        answer = exchange(program, pair["refresh_token"], tenant=beta)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")
        assert works(program, pair["access_token"]), "the attempt elsewhere ends nothing here"

    def test_the_public_host_has_no_door_for_it(self, pair, program):
        answer = program("get", "/workspaces/", pair["access_token"], tenant=None)
        assert answer.status_code == 302
        assert exchange(program, pair["refresh_token"], tenant=None).status_code == 404

    def test_neither_serves_as_the_other(self, pair, program):
        assert not works(program, pair["refresh_token"])
        assert exchange(program, pair["access_token"]).status_code == 401

    @pytest.mark.parametrize(
        "forged",
        [
            {"key": b"x" * 32},
            {"alg": "none", "key": None},
            {"kid": "k9"},
            {"claims": {"aud": "public"}},
            {"claims": {"iss": "https://evil.example"}},
            {"claims": {"sub": "0198c5a0-7b1e-7c3a-9f00-2b6a51d0c8e4"}},
        ],
        ids=str,
    )
    def test_made_up_ones_are_refused(self, pair, program, forged):
        name, key = next(iter(settings.TOKEN_SIGNING_KEYS.items()))
        claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
        token = jwt.encode(
            {**claims, **forged.get("claims", {})},
            forged.get("key", key),
            algorithm=forged.get("alg", "HS256"),
            headers={"kid": forged.get("kid", name)},
        )
        assert not works(program, token)

    def test_keys_can_be_rotated(self, pair, program, settings):
        old = settings.TOKEN_SIGNING_KEYS
        settings.TOKEN_SIGNING_KEYS = {"k2": b"2" * 32, **old}
        assert works(program, pair["access_token"])
        fresh = exchange(program, pair["refresh_token"]).json()
        settings.TOKEN_SIGNING_KEYS = {"k2": b"2" * 32}
        assert works(program, fresh["access_token"])
        assert not works(program, pair["access_token"])


class TestExchange:
    def test_the_next_pair_works(self, pair, program):
        fresh = exchange(program, pair["refresh_token"]).json()
        assert works(program, fresh["access_token"])
        assert exchange(program, fresh["refresh_token"]).status_code == 200

    def test_a_replay_ends_the_session(self, pair, program, alpha):
        fresh = exchange(program, pair["refresh_token"]).json()
        assert exchange(program, pair["refresh_token"]).status_code == 401
        assert not works(program, fresh["access_token"])
        assert exchange(program, fresh["refresh_token"]).status_code == 401
        entry = AuditEntry.objects.get(action="session.ended")
        assert (entry.schema_name, entry.data["reason"]) == (
            alpha.schema_name,
            "a refresh token was used twice",
        )

    def test_a_replay_ends_no_other_session(self, pair, sign_in, program):
        other = sign_in().json()
        exchange(program, pair["refresh_token"])
        exchange(program, pair["refresh_token"])
        assert works(program, other["access_token"])

    def test_an_access_token_lasts_ten_minutes(self, sign_in, program):
        with time_machine.travel(NOW, tick=False) as clock:
            pair = sign_in().json()
            clock.shift(599)
            assert works(program, pair["access_token"])
            clock.shift(2)
            assert not works(program, pair["access_token"])

    def test_a_session_ends_unused_and_at_last(self, sign_in, program):
        with time_machine.travel(NOW, tick=False) as clock:
            unused, pair = sign_in().json(), sign_in().json()
            for _ in range(6):
                clock.shift(timedelta(days=9))
                pair = exchange(program, pair["refresh_token"]).json()
            assert exchange(program, unused["refresh_token"]).status_code == 401
            clock.shift(timedelta(days=9))
            assert exchange(program, pair["refresh_token"]).status_code == 401
        assert UserSession.objects.get(pk=pair["session"]).ending == "expired"


class TestEnding:
    """In this process' memory and in the shared one at once; for other processes' see below."""

    def is_over(self, pair, program):
        return (
            not works(program, pair["access_token"])
            and exchange(program, pair["refresh_token"]).status_code == 401
        )

    @pytest.fixture(autouse=True)
    def commits(self, django_capture_on_commit_callbacks, monkeypatch, settings):
        settings.TOKEN_MEMORY_SECONDS = 60.0
        monkeypatch.setattr(token_sessions, "_at_hand", {})
        monkeypatch.setattr(token_sessions.transaction, "on_commit", lambda callback: callback())

    @pytest.fixture
    def pair(self, pair, program):
        assert works(program, pair["access_token"])  # every process knows it
        return pair

    def test_signing_out(self, pair, program):
        answer = program("post", f"{URL}revoke/", refresh_token=pair["refresh_token"])
        assert answer.status_code == 204
        assert self.is_over(pair, program)

    def test_the_password_changes(self, pair, program, teacher):
        teacher.set_password("another long password")
        teacher.save()
        assert self.is_over(pair, program)

    def test_the_person_is_locked_out(self, pair, program, teacher, owner):
        people.set_active(user=teacher, active=False, by=owner)
        assert self.is_over(pair, program)

    def test_the_membership_ends(self, pair, program, teacher, owner, alpha):
        memberships.remove(membership=teacher.memberships.get(), by=owner)
        assert self.is_over(pair, program)
        MembershipFactory(user=teacher, tenant=alpha, role="teacher")
        assert self.is_over(pair, program), "and does not come back with the next one"

    def test_the_role_changes(self, pair, program, teacher, owner):
        memberships.change_role(membership=teacher.memberships.get(), role="student", by=owner)
        assert program("get", "/api/v1/releases/", pair["access_token"]).status_code == 403

    def test_from_the_list(self, pair, program, browse, teacher):
        browse(teacher).post(f"/accounts/sessions/{pair['session']}/end/")
        assert self.is_over(pair, program)

    def test_from_the_api(self, pair, sign_in, program):
        other = sign_in().json()
        listed = program("get", "/api/v1/sessions/", other["access_token"]).json()["results"]
        assert {s["id"] for s in listed} == {pair["session"], other["session"]}
        gone = program("delete", f"/api/v1/sessions/{pair['session']}/", other["access_token"])
        assert gone.status_code == 204
        assert self.is_over(pair, program)
        assert works(program, other["access_token"])

    def test_nobody_ends_anothers(self, pair, sign_in, program, owner):
        emails.mark_verified(user=owner)
        mine = sign_in(email=owner.email).json()
        answer = program("delete", f"/api/v1/sessions/{pair['session']}/", mine["access_token"])
        assert answer.status_code == 404
        assert works(program, pair["access_token"])

    def test_who_read_before_the_end_puts_nothing_back(self, pair, program, teacher):
        key = token_sessions._key(UserSession.objects.get(pk=pair["session"]).pk)
        before = cache.get(key)
        program("post", f"{URL}revoke/", refresh_token=pair["refresh_token"])
        assert not cache.add(key, before, 30)
        assert not works(program, pair["access_token"])


def test_once_known_a_token_asks_the_database_nothing(pair, program, django_assert_num_queries):
    assert works(program, pair["access_token"])
    claims = token_sessions.tokens.read(pair["access_token"], use="access", schema_name="w_alpha")
    from apps.tenants.models import Tenant

    alpha = Tenant.objects.get(slug="alpha")
    with django_assert_num_queries(0):
        assert token_sessions.find(claims, tenant=alpha).can


def test_without_redis_the_database_answers(pair, program, monkeypatch):
    from redis.exceptions import ConnectionError as Gone

    def gone(*_args, **_more):
        raise Gone

    monkeypatch.setattr(token_sessions.cache, "get", gone)
    monkeypatch.setattr(token_sessions.cache, "add", gone)
    assert works(program, pair["access_token"])


def test_a_key_has_no_sessions(alpha, program, owner):
    from apps.gateway.services import api_keys

    _, secret = api_keys.create(tenant=alpha, name="k", scopes=["workspace.view"], by=owner)
    assert program("get", "/api/v1/sessions/", secret).status_code == 403


def test_a_person_confirms_for_the_next_dangerous_deed(pair, program, teacher):
    UserSession.objects.update(proven_at=NOW - timedelta(days=9999))
    wrong = program("post", "/api/v1/sessions/confirm/", pair["access_token"], password="no")
    assert wrong.json()["code"] == "credentials_refused"
    right = program("post", "/api/v1/sessions/confirm/", pair["access_token"], password=PASSWORD)
    assert right.status_code == 204
    assert UserSession.objects.get(pk=pair["session"]).proven_at > NOW - timedelta(days=9999)


def test_another_process_hears_of_an_end_within_a_second(
    pair, program, settings, monkeypatch, teacher
):
    """This process has the token in its own memory; the end comes from elsewhere."""
    settings.TOKEN_MEMORY_SECONDS = 1.0
    clock = [1000.0]
    monkeypatch.setattr(token_sessions.time, "monotonic", lambda: clock[0])
    mine = dict[Any, Any]()
    monkeypatch.setattr(token_sessions, "_at_hand", mine)
    assert works(program, pair["access_token"])
    assert len(mine) == 1
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(token_sessions, "_at_hand", {})
        elsewhere.setattr(token_sessions.transaction, "on_commit", lambda callback: callback())
        memberships.suspend(membership=teacher.memberships.get(), by=None)
    clock[0] += 1.01
    assert not works(program, pair["access_token"])


@pytest.mark.django_db(transaction=True)
def test_of_parallel_exchanges_one_wins_and_the_session_ends(alpha):
    teacher = UserFactory(email="race@alpha.example")
    MembershipFactory(user=teacher, tenant=alpha, role="teacher")
    emails.mark_verified(user=teacher)
    sent = {"email": teacher.email, "password": PASSWORD}

    def call(path, body, **headers):
        client = Client(SERVER_NAME=alpha.host)
        return client.post(path, body, content_type="application/json", headers=headers)

    token = call(URL, sent).json()["refresh_token"]
    start = threading.Barrier(8)

    def exchange(_):
        try:
            start.wait(timeout=30)
            return call(f"{URL}refresh/", {"refresh_token": token})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(exchange, range(8)))
    won = [answer for answer in answers if answer.status_code == 200]
    assert sorted(a.status_code for a in answers) == [200] + [401] * 7
    session = UserSession.objects.get()
    assert (session.rotation, session.ending) == (1, UserSession.Ending.REPLAYED)
    headers = {"Authorization": f"Bearer {won[0].json()['access_token']}"}
    client = Client(SERVER_NAME=alpha.host)
    assert client.get("/api/v1/workspace/", headers=headers).status_code == 401
