"""What a session an hour old may not do before its person has shown again who they are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction

from apps.accounts.errors import StepUpRequired
from apps.accounts.models import UserSession
from apps.accounts.services import emails, step_up
from apps.gateway import endpoints
from apps.gateway.models import ApiKey
from apps.gateway.throttling import RequestLimits
from apps.tenants.models import Tenant
from apps.tenants.permissions import DECLARED, PROVEN, Role
from apps.transfers.models import Export
from tests.factories.accounts import PASSWORD

HOUR = 3600
# What admins and owners do without showing again who they are: why.
ORDINARY = {
    "workspace.update": "a name",
    "workspace.configure": "goes back in one step; going back and rules of sign-in ask",
    "features.update": "goes back in one step",
    "members.invite": "asks when the role itself may do dangerous things",
    "classes.manage_all": "a teacher's daily work",
    "experiences.create": "nothing goes out yet",
    "experiences.update": "words",
    "environments.update": "keys go in and never come out",
    "releases.withdraw": "keeps something from happening",
    "deployments.promote": "daily work, goes back in one step",
    "deployments.rollback": "an emergency: nothing stands in its way",
    "api_keys.revoke": "an emergency: nothing stands in its way",
    "webhooks.update": "switching and sending again; addresses and secrets ask",
    "webhooks.delete": "ends what goes out",
    "realtime_apps.update": "switching and words; a new key and where a webhook goes ask",
    "realtime_apps.delete": "ends what comes in",
    "sender_domains.create": "no mail comes from it before its records were seen",
    "mail.lift": "one address gets mail again",
    "domains.create": "nothing leads here before a record was seen",
    "schools.create": "opens something new",
}
# Dangerous, though their permission is not.
SINGLE = {
    "api/v1/exports/<pk>/download/",
    "api/v1/realtime-apps/<app_pk>/webhooks/",
    "api/v1/realtime-apps/<app_pk>/webhooks/<pk>/",
    "api/v1/realtime-apps/<pk>/rotate/",
    "api/v1/webhooks/endpoints/<pk>/",
    "api/v1/webhooks/endpoints/<pk>/rotate-secret/",
    "api/v1/workspace/configuration/versions/<number>/restore/",
    "settings/configuration/history/<int:number>/restore/",
    "settings/ownership/<uuid:pk>/accept/",
    "settings/realtime/<uuid:app_pk>/webhooks/new/",
    "settings/realtime/<uuid:pk>/rotate/",
    "settings/realtime/webhooks/<uuid:pk>/edit/",
    "settings/webhooks/<uuid:pk>/edit/",
    "settings/webhooks/<uuid:pk>/rotate/",
    "settings/webhooks/<uuid:pk>/secret/",
}


@pytest.fixture
def old(browse, owner):
    emails.mark_verified(user=owner)
    return browse(owner, ago=HOUR)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/settings/closing/rename/", {"slug": "alpha-two"}),
        ("/settings/closing/delete/", {"confirmation": "alpha"}),
        ("/settings/exports/", {"with_media": "on"}),
        ("/settings/configuration/history/0/restore/", {}),
        ("/settings/security/", {"version": "0", "mfa_roles": "owner"}),
        ("/accounts/email/", {"email": "new@alpha.example", "action_add": "1"}),
        ("/accounts/2fa/totp/activate/", {"code": "123456"}),
        ("/accounts/2fa/webauthn/add/", {"credential": "{}"}),
    ],
)
def test_pages_ask_first(old, alpha, owner, path, sent):
    answer = old.post(path, sent)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/reauthenticate/")
    alpha.refresh_from_db()
    assert (alpha.slug, alpha.state) == ("alpha", Tenant.State.ACTIVE)
    assert not Export.objects.exists()
    assert not ApiKey.objects.exists()
    assert EmailAddress.objects.filter(user=owner).count() == 1


def test_and_go_on_with_what_was_filled_in(old, alpha):
    old.post("/settings/closing/rename/", {"slug": "alpha-two"})
    page = old.post("/accounts/reauthenticate/", {"password": PASSWORD}).content.decode()
    assert 'action="/settings/closing/rename/"' in page
    assert old.post("/settings/closing/rename/", {"slug": "alpha-two"}).status_code == 302
    assert Tenant.objects.get(pk=alpha.pk).slug == "alpha-two"


def test_another_role_asks(old, admin):
    url = f"/members/{admin.memberships.get().pk}/role/"
    assert old.post(url, {"role": "teacher"}).url.startswith("/accounts/reauthenticate/")
    assert admin.memberships.get().role == "admin"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/members/invite/", {"email": "new@alpha.example"}),
        ("/members/invite/many/", {"emails": "new@alpha.example"}),
        ("/members/links/new/", {"name": "New", "most_uses": "3", "days": "7"}),
    ],
)
def test_inviting_asks_when_the_role_may_do_dangerous_things(old, path, sent):
    assert old.post(path, {**sent, "role": "admin"}).url.startswith("/accounts/reauthenticate/")
    answer = old.post(path, {**sent, "role": "teacher"})
    assert answer.status_code == 201 or answer.url == "/members/"


class TestEveryAddress:
    """What asks is declared: `apps.tenants.permissions.PROVEN`, `step_up.recent`, `proven`."""

    EVERY = tuple(one for one in endpoints.every() if one.host == "workspace")

    def test_what_the_powerful_do_is_dangerous_or_said_not_to_be(self):
        theirs = {n for n, p in DECLARED.items() if p.since in {Role.OWNER, Role.ADMIN}}
        assert theirs == set(PROVEN) | set(ORDINARY) | {n for n in theirs if DECLARED[n].is_view}
        assert not PROVEN & set(ORDINARY)

    def test_the_single_deeds(self):
        assert {one.route for one in self.EVERY if one.proven and not _by_permission(one)} == SINGLE

    @pytest.mark.usefixtures("own_redis")
    def test_what_is_dangerous_asks_and_nothing_else(self, old, monkeypatch):
        monkeypatch.setattr(RequestLimits, "allow_request", lambda *_: True)
        wrong = []
        for one in self.EVERY:
            for method, needed in one.needs.items():
                if needed not in DECLARED or method == "get":
                    continue
                with transaction.atomic():
                    answer = getattr(old, method)(one.address)
                    transaction.set_rollback(True)
                if answer.status_code != 405 and _asks(answer) != (method in one.proven):
                    wrong.append(f"{method} {one.address} answered {answer.status_code}")
        assert wrong == []

    def test_an_operator_has_no_proof(self, owner):
        owner.impersonated_by = owner
        with pytest.raises(StepUpRequired, match="themselves"):
            step_up.require(SimpleNamespace(user=owner))


def _asks(answer):
    if "problem" in answer.get("Content-Type", ""):
        return answer.json()["code"] == "step_up_required"
    return answer.get("Location", "").startswith("/accounts/reauthenticate/")


def _by_permission(one):
    return any(one.needs[method] in PROVEN and method != "get" for method in one.proven)


def test_a_first_password_asks(browse, owner):
    owner.set_unusable_password()
    owner.save()
    sent = {"password1": "a new long password", "password2": "a new long password"}
    answer = browse(owner, ago=HOUR).post("/accounts/password/set/", sent)
    assert answer.url.startswith("/accounts/reauthenticate/")
    owner.refresh_from_db()
    assert not owner.has_usable_password()


def test_programs_are_told(browse, owner, alpha):
    emails.mark_verified(user=owner)
    sent = {"email": owner.email, "password": PASSWORD}
    program = browse()
    pair = program.post("/api/v1/tokens/", sent, content_type="application/json").json()
    headers = {"Authorization": f"Bearer {pair['access_token']}"}
    UserSession.objects.filter(pk=pair["session"]).update(
        proven_at=owner.date_joined.replace(year=2020)
    )

    def start():
        return program.post(
            "/api/v1/exports/", {}, content_type="application/json", headers=headers
        )

    assert (start().status_code, start().json()["code"]) == (403, "step_up_required")
    confirmed = program.post(
        "/api/v1/sessions/confirm/", {"password": PASSWORD}, content_type="application/json",
        headers=headers,
    )  # fmt: skip
    assert confirmed.status_code == 204
    from django.core.cache import cache

    cache.clear()  # as after the commit
    assert start().status_code == 202
