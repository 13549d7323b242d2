"""From signing up to standing in one's own workspace, page by page."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from django.core.cache import cache

from apps.accounts.models import User
from apps.jobs.models import JobRun
from apps.mail.models import Message
from apps.tenants.models import Tenant
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.jobs import work_off
from tests.factories.tenants import invite, invited_token

FORM = {"name": "Fay Founder", "email": "Fay@School.example", "password1": PASSWORD}


@pytest.fixture
def visitor(browse):
    cache.clear()  # allauth counts sign-ups of an address
    return browse(None, tenant=None)


@pytest.fixture
def person(browse):
    """Signed in on the public host, without a workspace."""
    user = UserFactory(email="fay@school.example", name="Fay Founder")
    return browse(user, tenant=None)


def link_in(mail):
    return re.search(r"http://\S+", mail.body)[0]


def test_signing_up_sends_one_mail(visitor, mailoutbox):
    answer = visitor.post("/accounts/signup/", FORM)
    assert answer.url == "/accounts/confirm-email/"
    work_off()
    assert [(m.to, m.subject) for m in mailoutbox] == [
        (["fay@school.example"], "Confirm your e-mail address")
    ]


def test_nobody_is_signed_in_before_the_address_is_confirmed(visitor):
    visitor.post("/accounts/signup/", FORM)
    assert visitor.get("/workspaces/").status_code == 302


def test_the_page_does_not_wait_for_the_mail(visitor, mailoutbox):
    visitor.post("/accounts/signup/", FORM)
    assert not mailoutbox
    assert JobRun.objects.get().name == "mail.send"


def test_the_link_stands_nowhere_in_the_clear(visitor, mailoutbox):
    visitor.post("/accounts/signup/", FORM)
    stored = str(Message.objects.values().get()) + str(JobRun.objects.values().get())
    work_off()
    key = link_in(mailoutbox[0]).rstrip("/").rpartition("/")[2]
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT text, html FROM mail_message")
        assert key not in str(cursor.fetchall())
    assert "JobRun" not in stored
    assert Message.objects.get().text == ""


def test_from_the_mail_to_ones_own_workspace(visitor, browse, mailoutbox, client):
    visitor.post("/accounts/signup/", FORM)
    work_off()
    confirm = link_in(mailoutbox[0]).partition("//localhost")[2]
    assert "Is this your address?" in visitor.get(confirm).content.decode()
    assert visitor.post(confirm).url == "/workspaces/"
    assert visitor.get("/workspaces/").url == "/workspaces/new/"
    named = visitor.post(
        "/workspaces/new/", {"name": "Lincoln", "slug": "lincoln", "kind": "school"}
    )
    assert named.url == "/workspaces/lincoln/setting-up/"
    assert "Waiting for a worker" in visitor.get(named.url).content.decode()
    assert visitor.get("/workspaces/lincoln/enter/").url == named.url
    work_off()
    assert "Lincoln is ready" in visitor.get(named.url + "fragment/").content.decode()
    entrance = visitor.get("/workspaces/lincoln/enter/").url
    inside = browse(None, tenant=Tenant.objects.get(slug="lincoln"))
    assert inside.get(entrance.partition(":8000")[2]).url == "/"
    assert inside.get("/members/").status_code == 200
    # Who has just chosen a password is not asked for it again: pages that want proof open at once.
    assert inside.get("/api-keys/new/").status_code == 200


class TestEnumeration:
    def test_signing_up_twice_looks_the_same(self, visitor, mailoutbox, owner):
        first = visitor.post("/accounts/signup/", FORM)
        second = visitor.post("/accounts/signup/", FORM | {"email": owner.email})
        assert (first.status_code, first.url) == (second.status_code, second.url)
        work_off()
        assert mailoutbox[-1].subject == "You have an account already"

    def test_a_wrong_password_and_an_unknown_person_look_the_same(self, visitor, owner):
        def page(email):
            answer = visitor.post("/accounts/login/", {"login": email, "password": "wrong one"})
            return re.sub(r"\w{64}", "", answer.content.decode().replace(email, ""))

        assert page(owner.email) == page("nobody@school.example")

    def test_asking_for_a_new_password_looks_the_same(self, visitor, mailoutbox, owner):
        answers = [
            visitor.post("/accounts/password/reset/", {"email": email})
            for email in (owner.email, "nobody@school.example")
        ]
        assert answers[0].url == answers[1].url
        work_off()
        assert {m.subject for m in mailoutbox} == {
            "Make a new password",
            "There is no account with this address",
        }

    def test_guessing_passwords_is_slowed_down(self, visitor, owner):
        wrong = {"login": owner.email, "password": "wrong one"}
        for _ in range(12):
            answer = visitor.post("/accounts/login/", wrong)
        assert "Too many failed login attempts" in answer.content.decode()


class TestNaming:
    form = {"name": "Lincoln", "slug": "lincoln", "kind": "school"}

    @pytest.mark.parametrize("slug", ["alpha", "admin", "Ab", "-x-", "x" * 41])
    def test_a_bad_address_is_refused_in_the_form(self, person, alpha, slug):
        answer = person.post("/workspaces/new/", self.form | {"slug": slug})
        assert answer.status_code == 422
        assert answer.context["form"].errors["slug"]

    def test_the_address_follows_the_name(self, person, alpha):
        page = person.get(
            "/workspaces/new/address/?name=Alpha&slug=", headers={"HX-Trigger-Name": "name"}
        )
        assert 'value="alpha-2"' in page.content.decode()

    def test_until_the_person_writes_one(self, person, alpha):
        page = person.get(
            "/workspaces/new/address/?name=x&slug=alpha",
            headers={"HX-Request": "true", "HX-Trigger-Name": "slug"},
        ).content.decode()
        assert "This address is taken." in page
        assert 'name="edited"' in page

    def test_a_written_one_stays(self, person, alpha):
        page = person.get(
            "/workspaces/new/address/?name=Other&slug=mine&edited=1",
            headers={"HX-Request": "true", "HX-Trigger-Name": "name"},
        ).content.decode()
        assert "hx-swap-oob" not in page
        assert "is free" in page


class TestOnesWorkspaces:
    def test_each_has_its_entrance(self, browse, owner):
        page = browse(owner, tenant=None).get("/workspaces/").content.decode()
        assert "/workspaces/alpha/enter/" in page

    @pytest.mark.parametrize("part", ["enter", "setting-up", "setting-up/fragment"])
    def test_a_neighbours_is_not_there(self, browse, outsider, alpha, part):
        answer = browse(outsider, tenant=None).get(f"/workspaces/alpha/{part}/")
        assert answer.status_code == 404

    def test_a_neighbours_is_not_tried_again(self, browse, outsider, alpha):
        answer = browse(outsider, tenant=None).post("/workspaces/alpha/retry/")
        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "url", ["/workspaces/", "/workspaces/new/", "/workspaces/alpha/enter/"]
    )
    def test_strangers_sign_in_first(self, visitor, url, alpha):
        assert visitor.get(url).url.startswith("/accounts/login/")

    def test_a_failed_one_says_so_and_offers_to_try_again(self, browse, owner, alpha):
        Tenant.objects.filter(pk=alpha.pk).update(state=Tenant.State.FAILED)
        client = browse(owner, tenant=None)
        page = client.get("/workspaces/alpha/setting-up/").content.decode()
        assert "failed" in page
        assert client.post("/workspaces/alpha/retry/").url == "/workspaces/alpha/setting-up/"
        alpha.refresh_from_db()
        assert alpha.state == Tenant.State.PROVISIONING

    def test_the_number_of_queries_does_not_grow(
        self, browse, owner, alpha, beta, django_assert_num_queries
    ):
        client = browse(owner, tenant=None)
        client.get("/workspaces/")
        with django_assert_num_queries(4):
            client.get("/workspaces/")


class TestInvited:
    @pytest.fixture
    def link(self, alpha, admin, mailoutbox):
        return f"/invitations/{invited_token(mailoutbox, invite(alpha, admin))}/"

    def test_a_stranger_is_asked_in(self, visitor, link):
        page = visitor.get(link)
        assert "Join Alpha" in page.content.decode()
        assert page["Referrer-Policy"] == "same-origin"

    def test_signing_up_from_the_link_needs_no_second_mail(self, visitor, link, mailoutbox, alpha):
        visitor.get(link)
        form = FORM | {"email": "new@school.example", "next": link}
        assert visitor.post("/accounts/signup/", form).url == link
        work_off()
        assert len(mailoutbox) == 1
        entrance = visitor.post(link).url
        assert entrance.startswith(f"{alpha.url}/enter/")
        assert alpha.memberships.filter(user__email="new@school.example").exists()

    def test_the_link_vouches_for_no_other_address(self, visitor, link):
        visitor.get(link)
        visitor.post("/accounts/signup/", FORM | {"next": link})
        assert not User.objects.filter(email__iexact=FORM["email"]).exists()
        assert User.objects.filter(email="new@school.example").exists()

    def test_the_form_shows_that_the_address_is_settled(self, visitor, link):
        visitor.get(link)
        form = visitor.get("/accounts/signup/").context["form"]
        assert form["email"].initial == "new@school.example"
        assert "readonly" in str(form["email"])

    def test_another_person_is_told_so(self, browse, outsider, link, alpha):
        client = browse(outsider, tenant=None)
        assert "You are signed in as oscar@beta.example" in client.get(link).content.decode()
        assert client.post(link).status_code == 403
        assert not alpha.memberships.filter(user=outsider).exists()

    def test_a_spent_link_says_so(self, visitor, db):
        answer = visitor.get("/invitations/made-up/")
        assert answer.status_code == 410

    def test_joining_from_ones_list(self, browse, alpha, admin):
        user = UserFactory(email="new@school.example")
        user.emailaddress_set.create(email=user.email, verified=True)
        invitation = invite(alpha, admin)
        client = browse(user, tenant=None)
        assert "Alpha" in client.get("/workspaces/").content.decode()
        client.post(f"/invitations/{invitation.pk}/join/")
        assert alpha.memberships.filter(user=user).exists()

    def test_nobody_joins_by_anothers_invitation(self, browse, alpha, admin, outsider):
        invitation = invite(alpha, admin)
        answer = browse(outsider, tenant=None).post(f"/invitations/{invitation.pk}/join/")
        assert answer.status_code == 404


def test_a_workspaces_host_makes_no_accounts(browse):
    client = browse(None)
    assert client.post("/accounts/signup/", FORM).status_code == 200
    assert not User.objects.filter(email="fay@school.example").exists()


def test_signing_in_on_a_workspaces_host(browse, student):
    client = browse(None)
    answer = client.post("/accounts/login/", {"login": student.email, "password": PASSWORD})
    assert answer.status_code == 302


def test_the_landing_page_needs_nobody(visitor, db):
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/\\evil.example"])
@pytest.mark.parametrize("path", ["login", "login/code", "logout"])
def test_nobody_is_led_to_another_host(browse, student, onward, path):
    client = browse(student) if path == "logout" else browse(None)
    form = {"login": student.email, "email": student.email, "password": PASSWORD, "next": onward}
    answer = client.post(f"/accounts/{path}/", form)
    assert answer.status_code == 302
    assert "evil" not in answer.url


@pytest.mark.parametrize("here", ["login", "signup"])
def test_every_way_in_leads_back_to_what_was_asked_for(visitor, here):
    """Who chose a plan on the page of prices, and has an account, signs in from the header."""
    page = visitor.get(f"/accounts/{here}/?next=/start/%3Fplan%3Dschool").content.decode()
    links = re.findall(r'href="/accounts/(?:login|signup)/([^"]*)"', page)
    assert len(links) >= 3
    assert {unquote(one).removeprefix("code/") for one in links} == {"?next=/start/?plan=school"}
