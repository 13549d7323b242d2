"""A workspace's own sign-in, the whole way with an issuer on loopback."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.sso.models import Identity
from apps.tenants.models import Domain, Membership
from apps.usage.models import WorkspacePlan
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off
from tests.factories.sso import set_up
from tests.fixtures.oidc import visit
from tests.integration.sso.visits import LOGIN, audited, come_in, connect, is_in, text

CALLBACK = "/accounts/sso/callback/"
NEW = {"email": "nora@alpha.example", "email_verified": True, "name": "Nora New"}


class TestJoining:
    def test_people_of_the_domain_become_members(self, visitor, issuer, alpha):
        issuer.says(**NEW)
        assert come_in(visitor, issuer).url == "/"
        assert is_in(visitor)
        member = Membership.objects.get(tenant=alpha, user__email=NEW["email"])
        assert (member.role, member.user.name) == ("teacher", "Nora New")
        assert audited("member.joined").get().actor_label == NEW["email"]

    def test_the_second_time_is_the_same_person_whatever_their_address(
        self, visitor, issuer, browse
    ):
        issuer.says(**NEW)
        come_in(visitor, issuer)
        issuer.says(email="nora.married@alpha.example", email_verified=True)
        again = browse(None)
        come_in(again, issuer)
        assert is_in(again)
        assert User.objects.filter(email__startswith="nora").count() == 1

    def test_the_address_counts_nowhere_else_yet(self, visitor, issuer):
        issuer.says(**NEW)
        come_in(visitor, issuer)
        assert not EmailAddress.objects.get(email=NEW["email"]).verified

    @pytest.mark.parametrize(
        ("claims", "said"),
        [
            ({"email": "eve@evil.example", "email_verified": True}, "lets in people of alpha.ex"),
            ({"email": "eve@alpha.example", "email_verified": False}, "does not say what your e-"),
            ({"email": "no address", "email_verified": True}, "does not say what your e-mail"),
            ({}, "does not say what your e-mail"),
        ],
    )
    def test_others_do_not(self, visitor, issuer, claims, said):
        issuer.says("eve", **claims)
        answer = come_in(visitor, issuer)
        assert answer.status_code == 403
        assert said in text(answer)
        assert not User.objects.filter(email__startswith="eve").exists()

    def test_nobody_joins_where_one_is_invited(self, browse, alpha, owner, issuer):
        set_up(alpha, issuer, by=owner, joins=False)
        issuer.says(**NEW)
        answer = come_in(browse(None), issuer)
        assert "is by invitation" in text(answer)
        assert not User.objects.filter(email=NEW["email"]).exists()

    def test_nobody_joins_as_staff_where_all_seats_are_taken(self, visitor, issuer, alpha):
        alpha.configuration = {**alpha.configuration, "limits": {"staff": 1}}
        alpha.save(update_fields=["configuration"])
        WorkspacePlan.objects.filter(tenant=alpha).update(seats=0)
        issuer.says(**NEW)
        assert "Staff: The workspace has taken 1 of 1 seats" in text(come_in(visitor, issuer))
        assert not Membership.objects.filter(user__email=NEW["email"]).exists()

    def test_the_userinfo_is_asked_when_the_token_tells_no_address(self, visitor, issuer):
        issuer.says(**NEW)
        issuer.tamper = {"email": None, "email_verified": None}
        come_in(visitor, issuer)
        assert "/userinfo" in issuer.asked
        assert is_in(visitor)

    def test_one_lands_where_one_wanted_to_go(self, visitor, issuer):
        issuer.says(**NEW)
        assert come_in(visitor, issuer, next="/members/").url == "/members/"

    def test_and_on_no_other_host(self, visitor, issuer):
        issuer.says(**NEW)
        assert come_in(visitor, issuer, next="https://evil.example/").url == "/"


class TestKnownPeople:
    """The issuer is the customer's: it takes nobody's account over."""

    def test_a_known_address_is_asked_first(self, visitor, issuer, teacher, mailoutbox):
        emails.mark_verified(user=teacher)
        issuer.says(email=teacher.email, email_verified=True)
        answer = come_in(visitor, issuer)
        assert "Look into your mail" in text(answer)
        assert not is_in(visitor)
        assert not Identity.objects.exists()
        work_off()
        assert mailoutbox[0].to == [teacher.email]
        link = re.search(r"http://\S+?(/accounts/sso/link/\S+)", mailoutbox[0].body)[1]
        assert "Use Alpha account for Alpha?" in text(visitor.get(link))
        assert not Identity.objects.exists()
        assert visitor.post(link).url == "/"
        assert is_in(visitor)
        assert Identity.objects.get().user == teacher

    def test_a_mailbox_is_not_flooded(self, browse, sso, issuer, teacher, mailoutbox):
        issuer.says(email=teacher.email, email_verified=True)
        answers = [come_in(browse(None), issuer).status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]
        work_off()
        assert len(mailoutbox) == 3

    def test_the_mail_goes_to_the_account_not_where_the_issuer_says(
        self, visitor, issuer, outsider, mailoutbox
    ):
        EmailAddress.objects.create(user=outsider, email="old@alpha.example", verified=True)
        issuer.says(email="old@alpha.example", email_verified=True)
        come_in(visitor, issuer)
        work_off()
        assert mailoutbox[0].to == [outsider.email]

    @pytest.mark.parametrize("how", ["made-up", "late", "other issuer", "locked out"])
    def test_a_link_that_is_none_opens_nothing(
        self, visitor, issuer, teacher, how, mailoutbox, monkeypatch, alpha, owner
    ):
        issuer.says(email=teacher.email, email_verified=True)
        come_in(visitor, issuer)
        work_off()
        link = re.search(r"http://\S+?(/accounts/sso/link/\S+)", mailoutbox[0].body)[1]
        if how == "made-up":
            link = link[:-3] + "xx/"
        elif how == "late":
            monkeypatch.setattr("apps.sso.services.sign_ins.LINK_SECONDS", -1)
        elif how == "other issuer":
            set_up(alpha, issuer, by=owner, issuer="https://other.example")
        else:
            User.objects.filter(pk=teacher.pk).update(is_active=False)
        assert visitor.get(link).status_code == 410
        assert visitor.post(link).status_code == 410
        assert not Identity.objects.exists()

    def test_who_is_signed_in_by_means_of_their_own_agrees_by_that(
        self, browse, sso, issuer, teacher
    ):
        issuer.says(email=teacher.email, email_verified=True)
        assert come_in(browse(teacher), issuer).url == "/"
        assert Identity.objects.get().user == teacher

    def test_a_domain_that_is_shown_to_be_the_workspaces_needs_no_mail(
        self, visitor, issuer, teacher, alpha
    ):
        Domain.objects.create(
            domain="alpha.example",
            tenant=alpha,
            kind="custom",
            is_live=True,
            is_primary=False,
            token="t",
            verified_at=timezone.now(),
        )
        issuer.says(email=teacher.email, email_verified=True)
        assert come_in(visitor, issuer).url == "/"

    def test_somebody_who_left_or_is_suspended_stays_outside(
        self, visitor, issuer, sso, teacher, alpha
    ):
        connect(sso, teacher)
        Membership.objects.filter(user=teacher).update(suspended_at="2026-01-01T00:00Z")
        assert "closed to you" in text(come_in(visitor, issuer))

    def test_a_locked_out_person_stays_outside(self, visitor, issuer, sso, teacher):
        connect(sso, teacher)
        User.objects.filter(pk=teacher.pk).update(is_active=False)
        assert come_in(visitor, issuer).status_code == 403


class TestAnswers:
    """RFC 6749, RFC 7636, OpenID Connect Core 3.1.3.7."""

    @pytest.fixture(autouse=True)
    def _nora(self, issuer):
        issuer.says(**NEW)

    @pytest.mark.parametrize(
        "tamper",
        [
            {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "other"},
            {"nonce": None}, {"sub": None}, {"azp": "another"}, {"aud": ["toolboxai", "another"]},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_token_that_is_not_for_this_attempt_is_refused(self, visitor, issuer, tamper):
        issuer.tamper = tamper
        assert come_in(visitor, issuer).status_code == 400
        assert not is_in(visitor)

    def test_one_signed_by_an_unpublished_key_is_refused(self, visitor, issuer):
        issuer.signs_with = "second"
        assert "does not publish" in text(come_in(visitor, issuer))

    def test_a_key_that_was_changed_is_fetched(self, visitor, issuer):
        issuer.signs_with, issuer.shows = "second", ["first", "second"]
        assert come_in(visitor, issuer).url == "/"

    def test_another_browsers_answer_is_refused(self, visitor, browse, issuer):
        stolen = visit(issuer, visitor.post(LOGIN))
        assert browse(None).get(stolen).status_code == 400

    def test_an_answer_is_good_once(self, visitor, issuer):
        path = visit(issuer, visitor.post(LOGIN))
        visitor.get(path)
        visitor.post("/accounts/logout/")
        assert visitor.get(path).status_code == 400

    def test_turning_back_says_so(self, visitor, issuer):
        issuer.person = None
        assert "You turned back" in text(come_in(visitor, issuer))

    def test_a_wrong_secret_is_told(self, browse, alpha, owner, issuer, sso):
        set_up(alpha, issuer, by=owner, client_secret="wrong")
        assert "did not take the answer back" in text(come_in(browse(None), issuer))

    def test_an_issuer_out_of_reach_is_told(self, browse, alpha, owner, issuer, sso):
        set_up(alpha, issuer, by=owner, issuer="http://127.0.0.1:1")
        answer = browse(None).post(LOGIN)
        assert "could not be reached" in text(answer)


class TestElsewhere:
    def test_a_neighbour_has_no_such_sign_in(self, browse, sso, beta):
        assert browse(None, tenant=beta).post(LOGIN).status_code == 404
        assert "Continue with" not in text(browse(None, tenant=beta).get("/accounts/login/"))

    def test_the_public_host_has_none(self, browse, sso):
        assert browse(None, tenant=None).post(LOGIN).status_code == 404

    def test_its_session_opens_no_other_host(self, visitor, issuer, alpha, beta, browse, settings):
        issuer.says(**NEW)
        come_in(visitor, issuer)
        for tenant in (beta, None):
            other = browse(None, tenant=tenant)
            other.cookies = visitor.cookies
            assert other.get("/workspaces/" if tenant is None else "/members/").status_code == 302

    @pytest.mark.parametrize(
        "path", ["email", "password/change", "password/set", "connected", "2fa", "sessions"]
    )
    def test_its_session_leaves_the_persons_own_settings_alone(
        self, visitor, sso, issuer, teacher, path
    ):
        connect(sso, teacher)
        come_in(visitor, issuer)
        assert visitor.get(f"/accounts/{path}/").url.startswith("/accounts/reauthenticate/")

    def test_until_they_show_who_they_are(self, visitor, sso, issuer, teacher):
        connect(sso, teacher)
        come_in(visitor, issuer)
        visitor.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": "/"})
        assert visitor.get("/accounts/email/").status_code == 200

    def test_nor_do_programs_reach_them(self, visitor, sso, issuer, teacher):
        connect(sso, teacher)
        come_in(visitor, issuer)
        answer = visitor.get("/_allauth/browser/v1/account/email")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (
            403,
            "own_means_required",
        )

    def test_nor_is_its_cookie_a_programs_token(self, visitor, sso, issuer, teacher, browse):
        connect(sso, teacher)
        come_in(visitor, issuer)
        headers = {"X-Session-Token": visitor.cookies["session"].value}
        answer = browse(None).get("/_allauth/app/v1/account/email", headers=headers)
        assert answer.status_code == 410
