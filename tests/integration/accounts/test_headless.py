"""The flows of the pages, by JSON: browsers' programs with a cookie, apps with a header."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from apps.accounts.models import User, UserSession
from apps.accounts.services import emails, sessions
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

FRESH = "another horse entirely"


class App:
    """A program without cookies on one host, which keeps the session's token."""

    def __init__(self, client):
        self.client, self.token = client, ""

    def __call__(self, method, path, **body):
        headers = {"X-Session-Token": self.token} if self.token else {}
        answer = self.client.generic(
            method, f"/_allauth/app/v1/{path}", json.dumps(body) if body else "",
            content_type="application/json", headers=headers,
        )  # fmt: skip
        meta = answer.json().get("meta", {})
        self.token = meta.get("session_token") or self.token
        self.client.cookies.clear()
        return answer


@pytest.fixture
def public(browse, db):
    return App(browse(None, tenant=None))


@pytest.fixture
def inside(browse, owner):
    emails.mark_verified(user=owner)
    return App(browse(None))


def key_in(mail):
    return re.search(r"/accounts/\S+?/([^/\s]+)/?\s", mail.body)[1]


def sign_in(app, email, password=PASSWORD):
    return app("POST", "auth/login", email=email, password=password)


def test_signing_up_verifying_and_signing_in(public, mailoutbox):
    form = {"email": "fay@school.example", "password": FRESH, "name": "Fay Founder"}
    answer = public("POST", "auth/signup", **form)
    assert answer.status_code == 401
    assert {"id": "verify_email", "is_pending": True} in answer.json()["data"]["flows"]
    assert User.objects.get(email=form["email"]).name == "Fay Founder"
    assert sign_in(public, form["email"], FRESH).status_code == 401
    work_off()
    assert public("POST", "auth/email/verify", key=key_in(mailoutbox[0])).status_code in {200, 401}
    assert EmailAddress.objects.get(email=form["email"]).verified
    answer = sign_in(App(public.client), form["email"], FRESH)
    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["email"] == form["email"]


def test_a_sign_up_with_a_known_address_looks_the_same(public, owner, mailoutbox):
    emails.mark_verified(user=owner)
    answers = [
        App(public.client)("POST", "auth/signup", email=email, password=FRESH, name="Fay")
        for email in ("new@school.example", owner.email)
    ]
    bodies = [a.json() for a in answers]
    for body in bodies:
        body["meta"].pop("session_token", None)
    assert bodies[0] == bodies[1]


def test_a_workspace_makes_no_accounts(inside):
    answer = inside("POST", "auth/signup", email="x@school.example", password=FRESH, name="X")
    assert answer.status_code == 403
    assert not User.objects.filter(email="x@school.example").exists()


def test_signing_in_reading_and_signing_out(inside, owner):
    answer = sign_in(inside, owner.email)
    assert answer.status_code == 200
    assert inside("GET", "auth/session").json()["meta"]["is_authenticated"]
    assert inside("DELETE", "auth/session").status_code == 401
    assert inside("GET", "auth/session").status_code in {401, 410}


def test_its_session_is_on_the_persons_list_and_ends_there(inside, owner):
    sign_in(inside, owner.email)
    listed = UserSession.objects.live().get(user=owner)
    sessions.end(sessions=[listed], ending="revoked", by=owner)
    assert inside("GET", "auth/session").status_code == 410


def test_and_when_its_time_is_over(inside, owner, settings):
    sign_in(inside, owner.email)
    settings.SESSION_IDLE = timedelta(seconds=-1)
    assert inside("GET", "auth/session").status_code == 410
    assert not UserSession.objects.live().exists()


def test_a_wrong_password_and_an_unknown_person_look_the_same(inside, owner):
    known, unknown = (sign_in(inside, email, "wrong one") for email in (owner.email, "n@o.example"))
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


def test_a_session_opens_no_other_host(inside, owner, browse, beta):
    sign_in(inside, owner.email)
    for tenant in (beta, None):
        other = App(browse(None, tenant=tenant))
        other.token = inside.token
        assert other("GET", "auth/session").status_code == 410


def test_nor_does_one_that_waits_for_its_second_step(inside, owner, browse, beta, mailoutbox):
    inside("POST", "auth/code/request", email=owner.email)
    work_off()
    other = App(browse(None, tenant=beta))
    other.token = inside.token
    code = mailoutbox[0].subject.split()[0]
    assert other("POST", "auth/code/confirm", code=code).status_code == 410


def test_a_mailed_code(inside, owner, mailoutbox):
    answer = inside("POST", "auth/code/request", email=owner.email)
    assert {"id": "login_by_code", "is_pending": True} in answer.json()["data"]["flows"]
    work_off()
    assert inside("POST", "auth/code/confirm", code="wrong").status_code == 400
    code = mailoutbox[0].subject.split()[0]
    assert inside("POST", "auth/code/confirm", code=code).status_code == 200


def test_three_wrong_codes_end_it(inside, owner, mailoutbox):
    inside("POST", "auth/code/request", email=owner.email)
    work_off()
    for _ in range(3):
        inside("POST", "auth/code/confirm", code="wrong")
    code = mailoutbox[0].subject.split()[0]
    assert inside("POST", "auth/code/confirm", code=code).status_code == 409


def test_asking_for_a_code_looks_the_same(inside, owner):
    answers = [
        App(inside.client)("POST", "auth/code/request", email=email).json()
        for email in (owner.email, "nobody@school.example")
    ]
    for answer in answers:
        answer["meta"].pop("session_token")
    assert answers[0] == answers[1]


def test_a_forgotten_password(inside, owner, mailoutbox):
    assert inside("POST", "auth/password/request", email=owner.email).status_code == 200
    work_off()
    key = key_in(mailoutbox[0])
    answer = inside("POST", "auth/password/reset", key=key, password=FRESH)
    assert answer.status_code == 401
    owner.refresh_from_db()
    assert owner.check_password(FRESH)
    work_off()
    assert mailoutbox[-1].subject == "You have a new password"


def test_a_changed_password_and_a_changed_address(inside, owner, mailoutbox):
    sign_in(inside, owner.email)
    wish = {"current_password": PASSWORD, "new_password": FRESH}
    assert inside("POST", "account/password/change", **wish).status_code == 200
    assert inside("POST", "account/email", email="new@home.example").status_code == 200
    work_off()
    mail = next(m for m in mailoutbox if m.to == ["new@home.example"])
    inside("POST", "auth/email/verify", key=key_in(mail))
    assert (
        inside("PATCH", "account/email", email="new@home.example", primary=True).status_code == 200
    )
    owner.refresh_from_db()
    assert owner.email == "new@home.example"


def test_browsers_programs_use_their_cookie_and_prove_their_page(owner):
    from django.test import Client

    emails.mark_verified(user=owner)
    client = Client(SERVER_NAME="alpha.localhost", enforce_csrf_checks=True)
    path, body = "/_allauth/browser/v1/auth/login", {"email": owner.email, "password": PASSWORD}
    refused = client.post(path, json.dumps(body), content_type="application/json")
    assert refused.status_code == 403
    client.get("/_allauth/browser/v1/config")
    answer = client.post(
        path, json.dumps(body), content_type="application/json",
        headers={"X-CSRFToken": client.cookies["csrf"].value},
    )  # fmt: skip
    assert answer.status_code == 200
    assert client.get("/").status_code == 200
