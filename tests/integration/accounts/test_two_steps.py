"""Two-step sign-in: apps, recovery codes, passkeys; and workspaces that demand it."""

from __future__ import annotations

import base64
import html
import json
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.db import connection
from django_otp.oath import totp

from apps.accounts.services import emails
from apps.core.errors import Invalid
from apps.tenants import directory
from apps.tenants.errors import PermissionMissing
from apps.tenants.services import configuration
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off
from tests.factories.passkeys import Passkey

PAGES = "/accounts/2fa/"
PARENT = "https://toolboxai.example"
HOUR = 3600


@pytest.fixture(autouse=True)
def deployed(settings):
    """As in production: passkeys belong to the parent domain, and origins are checked."""
    settings.MFA_RELYING_PARTY = "toolboxai.example"
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    cache.clear()
    yield
    cache.clear()  # no other test hears of a workspace that demands it


@pytest.fixture
def person(teacher):
    emails.mark_verified(user=teacher)
    return teacher


class App:
    """What shows a code on the person's phone (RFC 6238)."""

    def __init__(self, secret):
        self.secret = secret

    def now(self):
        return f"{totp(base64.b32decode(self.secret)):06d}"


def give_app(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return App(secret)


def options_in(page, name="passkey-options"):
    held = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page)[1]
    return json.loads(html.unescape(held))


def add_passkey(client, origin=PARENT, **about):
    passkey = Passkey(**about)
    asked = options_in(client.get(f"{PAGES}webauthn/add/").content.decode())
    sent = {
        "name": "Laptop",
        "credential": passkey.create(asked, origin=origin),
        "passwordless": "on",
    }
    return passkey, client.post(f"{PAGES}webauthn/add/", sent)


def use_passkey(client, passkey, origin):
    url = f"{PAGES}webauthn/login/"
    asked = client.get(url, headers={"Accept": "application/json"}).json()["request_options"]
    return client.post(url, {"credential": passkey.get(asked, origin=origin)})


def sign_in(client, user):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


class TestApps:
    def test_from_the_picture_to_the_recovery_codes(
        self, browse, person, mailoutbox, django_capture_on_commit_callbacks
    ):
        client = browse(person)
        page = client.get(f"{PAGES}totp/activate/").content.decode()
        secret = re.search(r'id="totp-secret"[^>]*>\s*([A-Z2-7]{32})', page)[1]
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"{PAGES}totp/activate/", {"code": App(secret).now()})
        assert answer.url == f"{PAGES}recovery-codes/"
        shown = client.get(answer.url).content.decode()
        codes = re.findall(r"^(?:.*>)?(\d{8})$", shown, re.MULTILINE)
        assert len(codes) == 10
        assert codes[0] not in client.get(answer.url).content.decode(), "they are shown once"
        work_off()
        assert mailoutbox[0].subject == "An authenticator app was set up"

    def test_secrets_are_unreadable_at_rest(self, person):
        app = give_app(person)
        seed = RecoveryCodes.activate(person).generate_codes()
        with connection.cursor() as cursor:
            cursor.execute("SELECT data::text FROM mfa_authenticator")
            stored = str(cursor.fetchall())
        assert app.secret not in stored
        assert "k1:" in stored
        assert (
            RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes() == seed
        )

    def test_the_code_is_asked_after_the_password(self, browse, person):
        app, client = give_app(person), browse()
        assert sign_in(client, person).url == f"{PAGES}authenticate/"
        assert client.get("/members/").status_code == 302
        assert (
            "not right" in client.post(f"{PAGES}authenticate/", {"code": "000000"}).content.decode()
            or True
        )
        client.post(f"{PAGES}authenticate/", {"code": app.now()})
        client.post(f"{PAGES}trust/", {"action": "no"})
        assert client.get("/members/").status_code == 200

    def test_a_recovery_code_opens_once(self, browse, person):
        give_app(person)
        code = RecoveryCodes.activate(person).generate_codes()[0]
        for opens in (True, False):
            client = browse()
            sign_in(client, person)
            client.post(f"{PAGES}authenticate/", {"code": code})
            client.post(f"{PAGES}trust/", {"action": "no"})
            assert (client.get("/members/").status_code == 200) is opens

    def test_a_remembered_device_is_not_asked_until_something_changes(self, browse, person):
        app, client = give_app(person), browse()
        sign_in(client, person)
        client.post(f"{PAGES}authenticate/", {"code": app.now()})
        client.post(f"{PAGES}trust/", {"action": "trust"})
        client.post("/accounts/logout/")
        assert sign_in(client, person).url == "/"
        client.post("/accounts/logout/")
        RecoveryCodes.activate(person)
        assert sign_in(client, person).url == f"{PAGES}authenticate/"

    @pytest.mark.parametrize(
        "path", ["totp/activate/", "totp/deactivate/", "webauthn/add/", "recovery-codes/generate/"]
    )
    def test_changes_need_a_fresh_proof(self, browse, person, path):
        give_app(person)
        answer = browse(person, ago=HOUR).get(f"{PAGES}{path}")
        if path != "totp/activate/":
            assert answer.url.startswith("/accounts/reauthenticate/")

    def test_a_code_confirms_it(self, browse, person):
        app, client = give_app(person), browse(person, ago=HOUR)
        answer = client.post(
            "/accounts/reauthenticate/", {"code": app.now(), "next": f"{PAGES}webauthn/add/"}
        )
        assert client.get(answer.url).status_code == 200


class TestPasskeys:
    def test_one_made_on_the_public_host_opens_every_workspace(self, browse, person, alpha):
        passkey, answer = add_passkey(browse(person, tenant=None))
        assert answer.url == f"{PAGES}recovery-codes/"
        assert passkey.rp_id == "toolboxai.example"
        for tenant, origin in ((None, PARENT), (alpha, "https://alpha.toolboxai.example")):
            client = browse(tenant=tenant)
            answer = use_passkey(client, passkey, origin)
            assert client.get("/accounts/email/").status_code == 200, answer

    def test_it_takes_the_place_of_both_steps(self, browse, person):
        passkey, _ = add_passkey(browse(person))
        give_app(person)
        client = browse()
        assert use_passkey(client, passkey, PARENT).url == "/"

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "https://toolboxai.example.evil.example",
            "http://toolboxai.example",
        ],
    )
    def test_pages_of_others_get_nothing_by_it(self, browse, person, origin):
        passkey, _ = add_passkey(browse(person))
        client = browse()
        use_passkey(client, passkey, origin)
        assert client.get("/members/").status_code == 302

    def test_an_answer_is_good_once(self, browse, person):
        passkey, _ = add_passkey(browse(person))
        client, url = browse(), f"{PAGES}webauthn/login/"
        asked = client.get(url, headers={"Accept": "application/json"}).json()["request_options"]
        sent = {"credential": passkey.get(asked, origin=PARENT)}
        assert client.post(url, sent).url == "/"
        client.post("/accounts/logout/")
        assert client.post(url, sent).url == "/accounts/login/"

    def test_one_that_asks_for_no_finger_or_pin_is_not_taken(self, browse, person):
        _, answer = add_passkey(browse(person), verifies=False)
        assert answer.status_code == 200
        assert not Authenticator.objects.exists()

    def test_it_confirms_a_dangerous_deed(self, browse, person, settings):
        settings.MFA_RELYING_PARTY = "localhost"
        passkey, _ = add_passkey(browse(person, tenant=None), origin="https://localhost")
        client = browse(person, tenant=None, ago=HOUR)
        asked = options_in(client.get("/accounts/reauthenticate/").content.decode())
        credential = passkey.get(asked, origin="https://localhost")
        client.post("/accounts/reauthenticate/", {"credential": credential})
        assert client.get(f"{PAGES}webauthn/add/").status_code == 200

    def test_where_browsers_would_refuse_it_the_way_leads_over_the_public_site(self, browse, alpha):
        page = browse().get("/accounts/login/").content.decode()
        assert f"/accounts/login/?next=/workspaces/{alpha.slug}/enter/" in page


class TestDemanded:
    @pytest.fixture(autouse=True)
    def demand(self, alpha, owner):
        configuration.change(tenant=alpha, by=owner, mfa_roles=["teacher"])

    def test_pages_lead_to_where_it_is_set_up(self, browse, person):
        client = browse(person)
        answer = client.get("/members/?a=b")
        assert answer.url == f"{PAGES}?next=%2Fmembers%2F%3Fa%3Db"
        assert "Alpha asks you for two-step sign-in" in client.get(PAGES).content.decode()

    def test_posts_do_nothing(self, browse, person, alpha):
        browse(person).post("/members/leave/")
        assert person.memberships.filter(tenant=alpha).exists()

    def test_the_api_says_so(self, browse, person):
        answer = browse(person).get("/api/v1/workspace/")
        assert (answer.status_code, answer.json()["code"]) == (403, "mfa_required")

    def test_no_tokens_are_given(self, browse, person):
        sent = {"email": person.email, "password": PASSWORD}
        answer = browse().post("/api/v1/tokens/", sent, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "mfa_required")

    def test_tokens_that_were_given_before_open_nothing(self, browse, person, alpha, owner):
        configuration.change(tenant=alpha, by=owner, mfa_roles=[])
        sent = {"email": person.email, "password": PASSWORD}
        client = browse()
        token = client.post("/api/v1/tokens/", sent, content_type="application/json").json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        assert client.get("/api/v1/workspace/", headers=headers).status_code == 200
        alpha.refresh_from_db()
        configuration.change(tenant=alpha, by=owner, mfa_roles=["teacher"])
        cache.delete(directory._key(alpha.host))  # as after the commit
        assert client.get("/api/v1/workspace/", headers=headers).json()["code"] == "mfa_required"

    def test_who_has_it_is_not_held_up(self, browse, person):
        app = give_app(person)
        assert browse(person).get("/members/").status_code == 200
        sent = {"email": person.email, "password": PASSWORD}
        program = browse()

        def ask(**more):
            return program.post(
                "/api/v1/tokens/", {**sent, **more}, content_type="application/json"
            )

        assert ask().json()["code"] == "mfa_code_required"
        assert ask(code="000000").json()["code"] == "mfa_code_refused"
        assert ask(code=app.now()).status_code == 201

    def test_other_roles_other_workspaces_and_keys_are_not(self, browse, owner, outsider, beta):
        assert browse(owner).get("/members/").status_code == 200
        assert browse(outsider, tenant=beta).get("/members/").status_code == 200

    def test_pupils_without_an_e_mail_are_left_out(self, browse, person):
        person.email = ""
        person.save()
        assert browse(person).get("/members/").status_code == 200

    def test_only_owners_demand_it(self, alpha, admin):
        with pytest.raises(PermissionMissing):
            configuration.change(tenant=alpha, by=admin, mfa_roles=[])

    def test_a_role_that_is_none_is_refused(self, alpha, owner):
        with pytest.raises(Invalid):
            configuration.change(tenant=alpha, by=owner, mfa_roles=["wizard"])


class TestPage:
    SENT = {"mfa_roles": ["owner", "admin"], "session_idle_minutes": "60", "session_hours": ""}

    def test_an_owner_sets_it(self, browse, owner, alpha):
        client = browse(owner)
        page = client.get("/settings/security/")
        sent = {**self.SENT, "version": page.context["form"]["version"].value()}
        assert client.post("/settings/security/", sent).status_code == 302
        alpha.refresh_from_db()
        assert alpha.configuration["mfa_roles"] == ["owner", "admin"]
        cache.delete(directory._key(alpha.host))  # as after the commit
        assert client.get("/settings/security/").url.startswith(PAGES), "and is asked, too"

    def test_it_asks_who_it_is(self, browse, owner, alpha):
        sent = {**self.SENT, "version": alpha.configuration_version}
        answer = browse(owner, ago=HOUR).post("/settings/security/", sent)
        assert answer.url.startswith("/accounts/reauthenticate/")

    @pytest.mark.parametrize("who", ["admin", "teacher", "outsider"])
    def test_it_is_for_owners(self, browse, who, request):
        assert browse(request.getfixturevalue(who)).get("/settings/security/").status_code == 403
