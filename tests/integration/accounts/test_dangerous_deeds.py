"""What a session an hour old may not do before its person has shown again who they are."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from apps.accounts.models import UserSession
from apps.accounts.services import emails
from apps.gateway.models import ApiKey
from apps.tenants.models import Tenant
from apps.transfers.models import Export
from tests.factories.accounts import PASSWORD

HOUR = 3600


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


def test_making_an_owner_asks_and_other_roles_do_not(old, admin):
    membership = admin.memberships.get()
    url = f"/members/{membership.pk}/role/"
    assert old.post(url, {"role": "teacher"}).url == "/members/"
    assert old.post(url, {"role": "owner"}).url.startswith("/accounts/reauthenticate/")
    assert admin.memberships.get().role == "teacher"


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
