"""The console opens to a password and a one-time code together, and to nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from apps.accounts.models import OperatorDevice
from apps.accounts.services import emails, operators
from apps.tenants.services import tickets
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off
from tests.factories.passkeys import Passkey
from tests.factories.tenants import MembershipFactory
from tests.fixtures.oidc import CLIENT_ID, CLIENT_SECRET, visit
from tests.integration.accounts.test_two_steps import PAGES, App, options_in, use_passkey

CONSOLE = "/operator/"
LOGIN = "/operator/login/"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def operator(db):
    cache.clear()
    return operators.create(email="opal@toolboxai.example", password=PASSWORD).user


@pytest.fixture
def public():
    return Client(SERVER_NAME="localhost")


def is_open(client, **headers):
    answers = [client.get(path, headers=headers) for path in (CONSOLE, f"{CONSOLE}accounts/user/")]
    assert {a.status_code for a in answers} <= {200, 302}
    return all(answer.status_code == 200 for answer in answers)


def enter(client, user, code=None):
    sent = {"username": user.email, "password": PASSWORD, "otp_token": code or ""}
    return client.post(LOGIN, sent)


def code_of(user):
    OperatorDevice.objects.filter(user=user).update(last_t=-1)
    return operators.current_code(user=user)


def test_both_secrets_open_it(public, operator):
    enter(public, operator, code_of(operator))
    assert is_open(public)


@pytest.mark.parametrize("code", ["", "000000"])
def test_the_password_alone_does_not(public, operator, code):
    enter(public, operator, code)
    assert not is_open(public)


def test_nor_a_sign_in_on_the_pages(public, operator):
    public.post("/accounts/login/", {"login": operator.email, "password": PASSWORD})
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_one_with_the_persons_own_second_step(public, operator):
    secret = generate_totp_secret()
    TOTP.activate(operator, secret)
    public.post("/accounts/login/", {"login": operator.email, "password": PASSWORD})
    public.post(f"{PAGES}authenticate/", {"code": App(secret).now()})
    public.post(f"{PAGES}trust/", {"action": "trust"})
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_a_passkey(browse, public, operator):
    client = browse(operator, tenant=None)
    passkey = Passkey()
    asked = options_in(client.get(f"{PAGES}webauthn/add/").content.decode())
    made = passkey.create(asked, origin="https://localhost")
    client.post(f"{PAGES}webauthn/add/", {"credential": made})
    use_passkey(public, passkey, "https://localhost")
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_a_code_by_mail(public, operator, mailoutbox):
    public.post("/accounts/login/code/", {"email": operator.email})
    work_off()
    code = re.search(r"^\s*([A-Z0-9]{4,}-?[A-Z0-9]*)\s*$", mailoutbox[0].body, re.MULTILINE)[1]
    public.post("/accounts/login/code/confirm/", {"code": code})
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_a_session_of_a_program(public, operator):
    sent = {"email": operator.email, "password": PASSWORD}
    answer = public.post("/_allauth/app/v1/auth/login", sent, content_type="application/json")
    token = answer.json()["meta"]["session_token"]
    headers = {"X-Session-Token": token}
    assert public.get("/_allauth/app/v1/auth/session", headers=headers).status_code == 200
    assert not is_open(Client(SERVER_NAME="localhost"), **headers)


def test_nor_a_token(public, operator, alpha):
    MembershipFactory(user=operator, tenant=alpha, role="owner")
    sent = {"email": operator.email, "password": PASSWORD}
    program = Client(SERVER_NAME=alpha.host)
    answer = program.post("/api/v1/tokens/", sent, content_type="application/json")
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert not is_open(public, **headers)
    assert program.get(CONSOLE, headers=headers).status_code == 404


def test_nor_an_account_elsewhere(public, operator, settings, issuer):
    app = {
        "client_id": CLIENT_ID, "secret": CLIENT_SECRET, "provider_id": "sso", "name": "Clerk",
        "settings": {"server_url": issuer.url, "email_authentication": True},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
    }
    issuer.says(email=operator.email, email_verified=True)
    public.get(visit(issuer, public.post("/accounts/oidc/sso/login/")))
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_a_password_set_anew(public, operator, mailoutbox):
    public.post("/accounts/password/reset/", {"email": operator.email})
    work_off()
    link = re.search(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", mailoutbox[0].body)[1]
    form = public.get(link, follow=True).redirect_chain[-1][0]
    fresh = "seven purple kites 9"
    public.post(form, {"password1": fresh, "password2": fresh})
    operator.refresh_from_db()
    assert operator.check_password(fresh)
    public.post("/accounts/login/", {"login": operator.email, "password": fresh})
    assert public.get("/accounts/email/").status_code == 200
    assert not is_open(public)


def test_nor_a_ticket_nor_its_cookie_on_the_public_host(public, operator, alpha):
    MembershipFactory(user=operator, tenant=alpha, role="owner")
    inside = Client(SERVER_NAME=alpha.host)
    inside.get(tickets.issue(tenant=alpha, by=operator).removeprefix(alpha.url))
    assert inside.get(CONSOLE).status_code == 404
    public.cookies["session"] = inside.cookies["session"].value
    assert not is_open(public)


def test_nor_anothers_device_in_the_session(browse, operator):
    other = operators.create(email="otto@toolboxai.example", password=PASSWORD).user
    client = browse(operator, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = OperatorDevice.objects.get(user=other).persistent_id
    session.save()
    assert not is_open(client)


def test_nor_the_code_of_a_customer(browse, public, teacher):
    emails.mark_verified(user=teacher)
    device = OperatorDevice.objects.create(user=teacher, confirmed=True)
    enter(public, teacher, code_of(teacher))
    client = browse(teacher, tenant=None)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    assert not is_open(public)
    assert not is_open(client)


@pytest.mark.parametrize("change", [{"is_staff": False}, {"is_active": False}])
def test_who_is_no_operator_any_more_is_out_at_once(public, operator, change):
    enter(public, operator, code_of(operator))
    for name, value in change.items():
        setattr(operator, name, value)
    operator.save()
    assert not is_open(public)


@pytest.fixture
def short_shifts(settings):
    settings.OPERATOR_SESSION_ABSOLUTE = timedelta(hours=2)


@pytest.mark.usefixtures("short_shifts")
@pytest.mark.parametrize(
    ("steps", "minutes", "stays"), [(1, 29, True), (1, 31, False), (5, 29, False), (4, 29, True)]
)
def test_left_alone_or_open_for_long_it_closes(public, operator, steps, minutes, stays):
    with time_machine.travel(NOW, tick=False) as clock:
        enter(public, operator, code_of(operator))
        assert is_open(public)
        for _ in range(steps - 1):
            clock.shift(timedelta(minutes=minutes))
            public.get("/accounts/email/")
        clock.shift(timedelta(minutes=minutes))
        assert is_open(public) is stays
        assert (public.get("/accounts/email/").status_code == 200) is stays


@pytest.mark.usefixtures("short_shifts")
def test_a_fresh_code_starts_afresh(public, operator):
    with time_machine.travel(NOW, tick=False) as clock:
        enter(public, operator, code_of(operator))
        is_open(public)
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            public.get(CONSOLE)
        enter(public, operator, code_of(operator))
        clock.shift(timedelta(minutes=29))
        public.get(CONSOLE)
        clock.shift(timedelta(minutes=29))
        assert is_open(public)
