"""Signing in with an account elsewhere: the whole way, with a real issuer on loopback."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from apps.accounts import social_adapter, social_circuits
from apps.accounts.models import User
from apps.accounts.services import emails
from apps.core import breaker
from apps.core.breaker import FAILURES, breaker_state
from apps.vendors.services import circuits
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.jobs import work_off
from tests.fixtures.oidc import CLIENT_ID, CLIENT_SECRET, visit

LOGIN = "/accounts/oidc/sso/login/"
EMAIL = "olivia@alpha.example"


@pytest.fixture
def elsewhere(settings, issuer):
    """The settings know the issuer, as `.env` would name it."""
    app = {
        "client_id": CLIENT_ID, "secret": CLIENT_SECRET, "provider_id": "sso", "name": "Clerk",
        "settings": {"server_url": issuer.url, "email_authentication": True},
    }  # fmt: skip
    roblox = {
        **app, "provider_id": "roblox", "name": "Roblox", "client_id": f"{CLIENT_ID}-roblox",
        "settings": {"server_url": issuer.url, "scope": ["openid", "profile"]},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"APPS": [app, roblox], "OAUTH_PKCE_ENABLED": True}
    }
    return issuer


def come_back(client, issuer, path=LOGIN, **query):
    """Press the button, go there, come back."""
    return client.get(visit(issuer, client.post(path, query_params=query)))


@pytest.fixture
def visitor(browse, db):
    return browse(None, tenant=None)


def is_signed_in(client):
    return client.get("/workspaces/").status_code == 200 or "new" in client.get("/workspaces/").url


class TestSigningUp:
    def test_a_verified_address_needs_no_second_mail(self, visitor, elsewhere):
        elsewhere.says(email="new@school.example", email_verified=True, name="Nora New")
        assert come_back(visitor, elsewhere).url == "/workspaces/"
        user = User.objects.get(email="new@school.example")
        assert (user.name, user.has_usable_password()) == ("Nora New", False)
        assert emails.verified(user=user) == ["new@school.example"]
        assert is_signed_in(visitor)

    def test_one_that_is_only_claimed_is_verified_first(self, visitor, elsewhere, mailoutbox):
        elsewhere.says(email="new@school.example", email_verified=False, name="Nora")
        assert come_back(visitor, elsewhere).url == "/accounts/confirm-email/"
        assert visitor.get("/workspaces/").url.startswith("/accounts/login/")
        work_off()
        assert mailoutbox[0].subject == "Confirm your e-mail address"

    def test_roblox_tells_no_address_so_it_is_asked_for(self, visitor, elsewhere, mailoutbox):
        elsewhere.says(preferred_username="builder42", name="Builder")
        answer = come_back(visitor, elsewhere, "/accounts/oidc/roblox/login/")
        assert answer.url == "/accounts/connected/signup/"
        assert "One more thing" in visitor.get(answer.url).content.decode()
        form = {"email": "b@school.example", "name": "Builder"}
        assert visitor.post(answer.url, form).url == "/accounts/confirm-email/"
        assert SocialAccount.objects.get(provider="roblox").user.email == "b@school.example"

    def test_a_workspaces_host_makes_no_accounts(self, browse, alpha, elsewhere):
        assert browse(None).post(LOGIN).status_code == 404
        page = browse(None).get("/accounts/login/").content.decode()
        assert f"{LOGIN}?next=/workspaces/alpha/enter/" in page


class TestKnownPeople:
    def test_an_address_both_sides_verified_opens_the_account(
        self, visitor, elsewhere, owner, mailoutbox
    ):
        emails.mark_verified(user=owner)
        elsewhere.says(email=EMAIL, email_verified=True)
        assert come_back(visitor, elsewhere).url == "/workspaces/"
        assert SocialAccount.objects.get().user == owner
        work_off()
        assert [m.subject for m in mailoutbox] == ["A new way to sign in"]
        assert "Clerk" in mailoutbox[0].body
        assert owner.has_usable_password()

    @pytest.mark.parametrize("ours", [True, False])
    @pytest.mark.parametrize("theirs", [True, False])
    def test_any_other_opens_nothing(self, visitor, elsewhere, owner, ours, theirs, mailoutbox):
        if ours and theirs:
            return
        EmailAddress.objects.create(user=owner, email=EMAIL, verified=ours, primary=True)
        elsewhere.says(email=EMAIL, email_verified=theirs)
        assert come_back(visitor, elsewhere).url == "/accounts/confirm-email/"
        assert not SocialAccount.objects.exists()
        assert visitor.get("/workspaces/").url.startswith("/accounts/login/")
        work_off()
        assert [m.subject for m in mailoutbox] == ["You have an account already"]

    def test_roblox_opens_no_account_by_an_address(self, visitor, elsewhere, owner):
        emails.mark_verified(user=owner)
        elsewhere.says(email=EMAIL, email_verified=True)
        come_back(visitor, elsewhere, "/accounts/oidc/roblox/login/")
        assert not SocialAccount.objects.exists()

    def test_a_connected_account_signs_in_and_goes_on_where_one_was(
        self, visitor, elsewhere, owner
    ):
        emails.mark_verified(user=owner)
        SocialAccount.objects.create(user=owner, provider="sso", uid="person-1")
        answer = come_back(visitor, elsewhere, next="/workspaces/alpha/enter/")
        assert answer.url == "/workspaces/alpha/enter/"
        assert "//alpha.localhost:8000/enter/?ticket=" in visitor.get(answer.url).url

    def test_a_locked_out_person_stays_out(self, visitor, elsewhere, owner):
        emails.mark_verified(user=owner)
        SocialAccount.objects.create(user=owner, provider="sso", uid="person-1")
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert come_back(visitor, elsewhere).url == "/accounts/inactive/"

    def test_turning_back_changes_nothing(self, visitor, elsewhere):
        elsewhere.person = None
        answer = come_back(visitor, elsewhere)
        assert answer.url == "/accounts/connected/login/cancelled/"

    def test_an_answer_meant_for_another_browser_is_refused(self, visitor, browse, elsewhere):
        stolen = visit(elsewhere, visitor.post(LOGIN))
        answer = browse(None, tenant=None).get(stolen)
        assert answer.status_code == 401
        assert "That did not work" in answer.content.decode()

    def test_a_forged_token_is_refused(self, visitor, elsewhere):
        elsewhere.tamper = {"aud": "somebody else"}
        answer = come_back(visitor, elsewhere)
        assert answer.status_code == 401


class TestConnecting:
    PATH = "/accounts/connected/"

    @pytest.fixture
    def own(self, browse, owner):
        emails.mark_verified(user=owner)
        return browse(owner, tenant=None)

    def test_an_account_is_connected_seen_and_disconnected(self, own, elsewhere, owner, mailoutbox):
        elsewhere.says(email="me@home.example", email_verified=True)
        assert come_back(own, elsewhere, process="connect").url == self.PATH
        account = SocialAccount.objects.get(user=owner)
        page = own.get(self.PATH).content.decode()
        assert "me@home.example" in page
        own.post(self.PATH, {"account": account.pk})
        assert not SocialAccount.objects.exists()
        work_off()
        subjects = [m.subject for m in mailoutbox]
        assert subjects == ["A new way to sign in", "A way to sign in was removed"]

    def test_somebody_elses_is_not_taken(self, own, elsewhere, owner):
        other = UserFactory()
        SocialAccount.objects.create(user=other, provider="sso", uid="person-1")
        come_back(own, elsewhere, process="connect")
        assert SocialAccount.objects.get().user == other

    def test_nor_disconnected(self, own, elsewhere):
        theirs = SocialAccount.objects.create(user=UserFactory(), provider="sso", uid="x")
        own.post(self.PATH, {"account": theirs.pk})
        assert SocialAccount.objects.filter(pk=theirs.pk).exists()

    def test_the_last_way_in_stays(self, own, elsewhere, owner):
        account = SocialAccount.objects.create(user=owner, provider="sso", uid="person-1")
        owner.set_unusable_password()
        owner.save()
        own.force_login(owner)
        session = own.session
        session["workspace"] = ""
        session.save()
        page = own.post(self.PATH, {"account": account.pk}).content.decode()
        assert "your last way in" in page
        assert SocialAccount.objects.exists()

    def test_connecting_asks_who_it_is(self, browse, owner, elsewhere):
        client = browse(owner, tenant=None, ago=3600)
        answer = come_back(client, elsewhere, process="connect")
        assert answer.url.startswith("/accounts/reauthenticate/")
        assert not SocialAccount.objects.exists()


def test_without_settings_there_are_no_buttons(visitor):
    page = visitor.get("/accounts/login/").content.decode()
    assert "Continue with" not in page
    assert visitor.post(LOGIN).status_code == 404


def test_the_password_still_works_afterwards(visitor, elsewhere, owner):
    emails.mark_verified(user=owner)
    elsewhere.says(email=EMAIL, email_verified=True)
    come_back(visitor, elsewhere)
    visitor.post("/accounts/logout/")
    answer = visitor.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})
    assert answer.url == "/workspaces/"


DISCOVERY = "/.well-known/openid-configuration"
CIRCUIT = "sign-in-sso"


@pytest.mark.usefixtures("own_redis")
class TestOutOfOrder:
    @pytest.mark.parametrize("broken", [DISCOVERY, "/userinfo"])
    def test_a_page_says_who_does_not_answer(self, visitor, elsewhere, broken):
        elsewhere.says(email="new@school.example", email_verified=True)
        way = visit(elsewhere, visitor.post(LOGIN)) if broken == "/userinfo" else None
        elsewhere.broken = {broken}
        answer = visitor.get(way) if way else visitor.post(LOGIN)
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert "Clerk does not answer just now" in answer.content.decode()
        assert breaker_state(CIRCUIT).failures == 1
        elsewhere.broken = set()
        assert come_back(visitor, elsewhere).url == "/workspaces/"
        assert breaker_state(CIRCUIT).failures == 0

    def test_after_repeated_failures_it_is_left_alone(self, visitor, elsewhere):
        elsewhere.broken = {DISCOVERY}
        for _ in range(FAILURES):
            visitor.post(LOGIN)
        assert breaker_state(CIRCUIT).state == "open"
        asked = len(elsewhere.asked)
        answer = visitor.post(LOGIN)
        assert answer.status_code == 503
        assert 1 <= int(answer["Retry-After"]) <= breaker.PAUSE
        assert len(elsewhere.asked) == asked == FAILURES
        breaker.close_breaker(CIRCUIT)
        elsewhere.broken = set()
        elsewhere.says(email="new@school.example", email_verified=True)
        assert come_back(visitor, elsewhere).url == "/workspaces/"

    def test_nobody_at_the_address_counts(self, visitor, elsewhere, settings):
        app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
        elsewhere.server_close()
        app["settings"] = {"server_url": elsewhere.url}
        elsewhere.shutdown()
        assert visitor.post(LOGIN).status_code == 503
        assert breaker_state(CIRCUIT).failures == 1

    def test_a_refusal_is_a_sign_of_life(self, visitor, elsewhere):
        way = visit(elsewhere, visitor.post(LOGIN))
        elsewhere.grants.clear()  # the code is worth nothing any more
        assert visitor.get(way).status_code == 401
        assert breaker_state(CIRCUIT).failures == 0

    def test_programs_that_lead_people_there_get_the_same_page(self, visitor, elsewhere):
        elsewhere.broken = {DISCOVERY}
        sent = {"provider": "sso", "callback_url": "/app/", "process": "login"}
        answer = visitor.post("/_allauth/browser/v1/auth/provider/redirect", sent)
        assert (answer.status_code, breaker_state(CIRCUIT).failures) == (503, 1)

    def test_operators_see_and_close_it(self, elsewhere, monkeypatch):
        monkeypatch.setattr(breaker, "_titles", {})
        monkeypatch.setattr(breaker, "_pauses", {})
        social_circuits.declare(social_adapter.configured())
        assert [c.title for c in circuits.overview()] == [
            "Sign-in with Clerk", "Sign-in with Roblox",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "circuit"),
    [
        ("https://oauth2.googleapis.com/token", "sign-in-google"),
        ("https://api.github.com/user", "sign-in-github"),
        ("https://github.com.evil.example/", "sign-in-sso"),
        ("https://apis.roblox.com/oauth/v1/token", "sign-in-roblox"),
        ("https://keys.clerk.example/jwks", "sign-in-sso"),
    ],
)
def test_each_address_is_counted_for_its_vendor(settings, url, circuit):
    keys = {"client_id": "x", "secret": "y"}  # pragma: allowlist secret
    issuers = [("roblox", "https://apis.roblox.com/oauth/"), ("sso", "https://clerk.example")]
    settings.SOCIALACCOUNT_PROVIDERS = {
        "google": {"APPS": [keys]},
        "github": {"APPS": [keys]},
        "openid_connect": {
            "APPS": [
                {**keys, "provider_id": name, "settings": {"server_url": at}}
                for name, at in issuers
            ]
        },
    }
    assert social_circuits.transport(social_adapter.configured())._vendor_of(url) == circuit


@pytest.mark.parametrize("vendor", ["google", "github", "oidc/roblox", "oidc/sso"])
@pytest.mark.parametrize("step", ["login", "login/callback"])
def test_a_vendor_that_is_not_set_up_has_no_address(db, settings, vendor, step):
    for about in settings.SOCIALACCOUNT_PROVIDERS.values():
        assert not about["APPS"]
    answer = Client(SERVER_NAME="localhost").get(f"/accounts/{vendor}/{step}/")
    assert answer.status_code == 404
