"""Guessing is slowed down, for the guesser; without Redis nobody is let in."""

from __future__ import annotations

import json

import pytest

from apps.accounts import throttles
from apps.accounts.models import User
from apps.accounts.services import emails
from apps.core import attempts
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}
CLOSED = "Nobody can sign in at the moment"


@pytest.fixture
def person(owner):
    emails.mark_verified(user=owner)
    return owner


def sign_in(client, person, password=PASSWORD, **where):
    form = {"login": person.email, "password": password}
    return client.post("/accounts/login/", form, **where)


def guess(client, person, times=8, **where):
    return [sign_in(client, person, "wrong one", **where) for _ in range(times)][-1]


def send(client, path, fields):
    if path.startswith("/accounts/"):
        return client.post(path, fields)
    return client.post(path, json.dumps(fields), "application/json")


@pytest.fixture
def no_redis(settings):
    """Redis is out of reach: nothing listens there."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        alias: {**about, "LOCATION": settings.REDIS_URL} for alias, about in settings.CACHES.items()
    }


class TestAccount:
    def test_a_stranger_is_slowed_down(self, browse, person):
        client = browse(None)
        assert "Too many failed" in guess(client, person).content.decode()
        assert "Too many failed" in sign_in(client, person).content.decode()

    def test_an_unknown_account_is_slowed_down_alike(self, browse, person):
        page = guess(browse(None), User(email="nobody@school.example")).content.decode()
        assert "Too many failed" in page

    def test_changing_addresses_does_not_help(self, browse, person):
        for number in range(5):
            sign_in(browse(None), person, "wrong", REMOTE_ADDR=f"203.0.113.{number}")
        page = sign_in(browse(None), person, REMOTE_ADDR="203.0.113.99").content.decode()
        assert "Too many failed" in page

    def test_a_known_browser_is_not_locked_out_by_a_stranger(self, browse, person):
        own = browse(None)
        assert sign_in(own, person).status_code == 302
        own.post("/accounts/logout/")
        guess(browse(None), person, **ELSEWHERE)
        assert sign_in(own, person, REMOTE_ADDR="198.51.100.7").status_code == 302

    def test_nor_a_known_address(self, browse, person):
        assert sign_in(browse(None), person).status_code == 302
        guess(browse(None), person, **ELSEWHERE)
        assert sign_in(browse(None), person).status_code == 302

    def test_a_known_browser_guesses_slowly_too(self, browse, person):
        own = browse(None)
        sign_in(own, person)
        own.post("/accounts/logout/")
        assert "Too many failed" in guess(own, person, 12).content.decode()

    def test_a_made_up_cookie_makes_nobody_known(self, browse, person, settings):
        client = browse(None)
        client.cookies[settings.DEVICE_COOKIE_NAME] = "eyJpZCI6ImEifQ:1:1"
        assert "Too many failed" in guess(client, person, **ELSEWHERE).content.decode()

    def test_programs_are_counted_with_pages(self, browse, person):
        client = browse(None)
        guess(client, person, 5)
        body = json.dumps({"email": person.email, "password": PASSWORD})
        answer = client.post("/_allauth/app/v1/auth/login", body, "application/json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "too_many_login_attempts"

    def test_a_success_starts_afresh(self, browse, person):
        client = browse(None)
        guess(client, person, 4)
        sign_in(client, person)
        client.post("/accounts/logout/")
        assert "Too many" not in guess(client, person, 4).content.decode()


class TestAddress:
    WAYS = {
        "/accounts/login/": {"login": "a@b.example", "password": "x"},
        "/accounts/signup/": {"email": "a@b.example"},
        "/accounts/password/reset/": {"email": "a@b.example"},
        "/accounts/login/code/": {"email": "a@b.example"},
        "/accounts/login/code/confirm/": {"code": "123"},
        "/accounts/password/reset/key/1-set-password/": {"password1": "x"},
        "/accounts/2fa/authenticate/": {"code": "123456"},
        "/_allauth/browser/v1/auth/login": {},
        "/_allauth/app/v1/auth/code/confirm": {},
        "/_allauth/app/v1/auth/2fa/authenticate": {},
        "/_allauth/app/v1/auth/email/verify": {},
    }

    @pytest.mark.parametrize("path", WAYS)
    def test_every_way_is_counted(self, browse, person, path, monkeypatch):
        monkeypatch.setattr(throttles, "ADDRESS", "1/minute")
        client = browse(None, tenant=None)
        send(client, path, self.WAYS[path])
        answer = send(client, path, self.WAYS[path])
        assert answer.status_code == 429
        assert 0 < int(answer["Retry-After"]) <= 60

    def test_the_answer_of_an_account_elsewhere_is_counted(self, browse, db, monkeypatch, settings):
        monkeypatch.setattr(throttles, "ADDRESS", "1/minute")
        settings.SOCIALACCOUNT_PROVIDERS["github"]["APPS"] = [{"client_id": "a", "secret": "b"}]
        client = browse(None, tenant=None)
        path = "/accounts/github/login/callback/?code=1&state=2"
        assert client.get(path).status_code == 401
        assert client.get(path).status_code == 429
        settings.SOCIALACCOUNT_PROVIDERS["github"]["APPS"] = []

    def test_a_known_browser_behind_a_busy_address_gets_in(self, browse, person, monkeypatch):
        own = browse(None)
        sign_in(own, person)
        own.post("/accounts/logout/")
        monkeypatch.setattr(throttles, "ADDRESS", "1/minute")
        for _ in range(2):
            sign_in(browse(None), User(email="other@school.example"))
        assert sign_in(own, person).status_code == 302

    def test_signing_out_is_not(self, browse, person, monkeypatch):
        monkeypatch.setattr(throttles, "PERSON", "1/minute")
        client = browse(person)
        client.post("/accounts/email/", {})
        assert client.post("/accounts/email/", {}).status_code == 429
        assert client.post("/accounts/logout/").status_code == 302


def test_a_form_where_json_belongs_is_told_so(browse, db):
    answer = browse(None).post("/_allauth/app/v1/auth/login", {"email": "a@b.example"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (415, "json_expected")


@pytest.mark.parametrize("path", ["password/reset", "login/code"])
@pytest.mark.parametrize("email", ["olivia@alpha.example", "nobody@school.example"])
def test_a_mailbox_is_not_flooded(browse, person, mailoutbox, path, email):
    answers = [
        browse(None, tenant=None).post(f"/accounts/{path}/", {"email": email}) for _ in range(6)
    ]
    assert [a.status_code for a in answers] == [302] * 4 + [429] * 2
    work_off()
    assert len(mailoutbox) == 4


def test_signing_in_unconfirmed_floods_no_mailbox_either(browse, owner, mailoutbox):
    for _ in range(6):
        assert sign_in(browse(None), owner).url == "/accounts/confirm-email/"
    work_off()
    assert len(mailoutbox) == 4


def test_signing_up_with_a_known_address_hashes_as_often(browse, person, monkeypatch):
    hashed = []
    monkeypatch.setattr(
        "django.contrib.auth.base_user.make_password", lambda raw: hashed.append(raw) or "!"
    )
    form = {"password1": "another horse entirely", "name": "Fay"}
    for email in ("new@school.example", person.email, person.email):
        client = browse(None, tenant=None)
        client.post("/accounts/signup/", {**form, "email": email})
    assert len(hashed) == 3


class TestWithoutRedis:
    @pytest.mark.parametrize("path", TestAddress.WAYS)
    def test_no_way_in_is_open(self, browse, person, no_redis, path):
        answer = send(browse(None, tenant=None), path, TestAddress.WAYS[path])
        assert answer.status_code == 503
        assert answer["Retry-After"]
        if path.startswith("/accounts/"):
            assert CLOSED in answer.content.decode()
        else:
            assert answer.json()["errors"][0]["code"] == "sign_in_closed"

    def test_reading_goes_on_and_so_does_signing_out(self, browse, person, no_redis):
        client = browse(person)
        assert client.get("/members/").status_code == 200
        assert client.get("/accounts/login/").status_code == 302
        assert browse(None).get("/accounts/login/").status_code == 200
        assert client.post("/accounts/logout/").status_code == 302

    def test_operators_do_not_get_in_either(self, browse, person, no_redis):
        form = {"username": person.email, "password": PASSWORD, "otp_token": "123456"}
        page = browse(None, tenant=None).post("/operator/login/", form)
        assert "closed for" in page.content.decode()


def test_no_address_stands_in_redis_in_the_clear(browse, person, own_redis):
    import redis

    attempts.take("password", person.email, "5/minute")
    with redis.Redis.from_url(own_redis) as client:
        assert client.keys()
        assert not [key for key in client.scan_iter() if person.email.encode() in key]
