"""Two web processes on one product: what ends through one is refused by the other in a second."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from apps.accounts.services import emails
from apps.tenants.models import Membership
from tests.factories.accounts import PASSWORD
from tests.factories.gateway import make_key
from tests.fuzz.serving import served

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.timeout(300),
]
SECOND = 1.0
ME, KEYS = "/api/v1/me/", "/api/v1/api-keys/"


class Web:
    """One of the processes, asked on the workspace's host."""

    def __init__(self, port, host):
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Host": host}, timeout=30, trust_env=False
        )

    def ask(self, path, bearer="", method="GET", **sent):
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.client.request(method, path, headers=headers, json=sent or None)

    def sign_in(self, user):
        answer = self.ask("/api/v1/tokens/", method="POST", email=user.email, password=PASSWORD)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def webs(alpha, tmp_path):
    """Both start at the same time."""
    about = {
        "settings_module": "tests.processes.gateway.remembering",
        "application": "config.asgi:application",
    }
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        logs = [tmp_path / "a.txt", tmp_path / "b.txt"]
        ports = pool.map(lambda log: stack.enter_context(served(log, **about)), logs)
        webs = [Web(port, alpha.host) for port in ports]
        for web in webs:
            stack.enter_context(web.client)
        yield webs


@pytest.fixture
def people(owner, admin, teacher, student):
    for person in (owner, admin, teacher, student):
        emails.mark_verified(user=person)
    return owner, admin, teacher, student


def end(deed):
    """The deed, done through one process; when it was answered."""
    answer = deed()
    assert answer.is_success, answer.text
    return time.monotonic()


def assert_refused(web, path, bearer, *, since, status):
    """By every request that begins a second after the deed's answer, if not earlier. Asked ten
    times a second: a key has 120 requests a minute.
    """
    while True:
        begun = time.monotonic()
        answer = web.ask(path, bearer)
        if answer.status_code != 200:
            assert answer.status_code == status, answer.text
            return
        assert begun - since < SECOND, f"{path} is still open"
        time.sleep(0.1)


def test_what_one_process_ends_the_other_refuses(webs, alpha, people):
    one, other = webs
    owner, admin, teacher, student = people
    boss = one.sign_in(owner)["access_token"]
    members = {m.user_id: f"/api/v1/members/{m.pk}/" for m in Membership.objects.all()}

    def check(path, bearer, deed, status):
        assert other.ask(path, bearer).status_code == 200  # it remembers from now on
        since = end(deed)
        assert_refused(other, path, bearer, since=since, status=status)

    key, secret = make_key(alpha)
    check(
        "/api/v1/releases/", secret,
        lambda: one.ask(f"{KEYS}{key.pk}/", boss, "DELETE"), 401,
    )  # fmt: skip

    pair = one.sign_in(teacher)
    check(ME, pair["access_token"], lambda: sign_out(one, pair["refresh_token"]), 401)

    pair = one.sign_in(teacher)
    check(ME, pair["access_token"], lambda: change_password(one, teacher), 401)

    check(
        KEYS, other.sign_in(admin)["access_token"],
        lambda: one.ask(members[admin.pk], boss, "PATCH", role="student"), 403,
    )  # fmt: skip

    check(
        ME, other.sign_in(student)["access_token"],
        lambda: one.ask(members[student.pk], boss, "DELETE"), 401,
    )  # fmt: skip


def sign_out(web, refresh_token):
    return web.ask("/api/v1/tokens/revoke/", method="POST", refresh_token=refresh_token)


def change_password(web, user):
    """As a program that holds a session does (allauth, headless)."""
    app = "/_allauth/app/v1"
    known = {"email": user.email, "password": PASSWORD}
    session = web.client.post(f"{app}/auth/login", json=known).json()["meta"]["session_token"]
    return web.client.post(
        f"{app}/account/password/change",
        headers={"X-Session-Token": session},
        json={"current_password": PASSWORD, "new_password": "seven purple kites 9"},
    )
