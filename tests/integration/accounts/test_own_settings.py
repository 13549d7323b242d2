"""A person's own pages: addresses and password, on both hosts."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress

from apps.accounts.services import emails
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

NEW = "olivia@home.example"
FRESH = "another horse entirely"


@pytest.fixture
def own(browse, owner):
    """The owner's browser on Alpha's host."""
    emails.mark_verified(user=owner)
    return browse(owner)


def send(client, action, email):
    return client.post("/accounts/email/", {"email": email, action: "1"})


def path_in(mail):
    return re.search(r"https?://[^/]+(/accounts/\S+)", mail.body)[1]


@pytest.mark.parametrize("path", ["email", "password/change", "connected"])
@pytest.mark.parametrize("here", ["workspace", "public"])
def test_each_page_stands_on_both_hosts(browse, owner, alpha, path, here):
    client = browse(owner, tenant=alpha if here == "workspace" else None)
    page = client.get(f"/accounts/{path}/")
    assert page.status_code == 200
    assert 'aria-label="Your account"' in page.content.decode()


@pytest.mark.parametrize("path", ["email", "password/change", "password/set", "connected"])
def test_strangers_sign_in_first(browse, alpha, path):
    assert browse(None).get(f"/accounts/{path}/").url.startswith("/accounts/login/")


def test_an_address_is_added_confirmed_and_made_the_main_one(own, owner, mailoutbox):
    send(own, "action_add", NEW)
    work_off()
    assert [m.to for m in mailoutbox] == [[NEW]]
    assert not EmailAddress.objects.get(email=NEW).verified
    own.post(path_in(mailoutbox[0]))
    mailoutbox.clear()
    send(own, "action_primary", NEW)
    owner.refresh_from_db()
    assert owner.email == NEW
    work_off()
    told = {tuple(m.to): m for m in mailoutbox}
    assert told["olivia@alpha.example",].subject == "Your e-mail address was changed"
    assert NEW in told["olivia@alpha.example",].body


def test_an_unconfirmed_address_does_not_become_the_main_one(own, owner):
    send(own, "action_add", NEW)
    send(own, "action_primary", NEW)
    owner.refresh_from_db()
    assert owner.email == "olivia@alpha.example"


def test_the_main_address_stays(own, owner):
    page = own.post(
        "/accounts/email/", {"email": owner.email, "action_remove": "1"}, follow=True
    ).content.decode()
    assert "is your main address" in page
    assert EmailAddress.objects.filter(email=owner.email).exists()


def test_another_address_is_removed_and_the_main_one_told(own, owner, mailoutbox):
    EmailAddress.objects.create(user=owner, email=NEW, verified=True)
    send(own, "action_remove", NEW)
    work_off()
    assert not EmailAddress.objects.filter(email=NEW).exists()
    assert [(m.to, m.subject) for m in mailoutbox] == [
        ([owner.email], "An e-mail address was removed")
    ]


def test_a_neighbours_address_is_neither_taken_nor_betrayed(own, teacher, mailoutbox):
    emails.mark_verified(user=teacher)
    ours, theirs = send(own, "action_add", NEW), send(own, "action_add", teacher.email)
    assert (ours.status_code, ours.url) == (theirs.status_code, theirs.url)
    assert EmailAddress.objects.get(email=teacher.email, verified=True).user == teacher
    work_off()
    own.post(path_in(next(m for m in mailoutbox if m.to == [teacher.email])))
    assert EmailAddress.objects.get(email=teacher.email, verified=True).user == teacher


def test_adding_an_address_asks_who_it_is(browse, owner):
    answer = send(browse(owner, ago=3600), "action_add", NEW)
    assert answer.url.startswith("/accounts/reauthenticate/")
    assert not EmailAddress.objects.filter(email=NEW).exists()


class TestPassword:
    def change(self, client, old=PASSWORD, new=FRESH):
        form = {"oldpassword": old, "password1": new, "password2": new}
        return client.post("/accounts/password/change/", form)

    def test_a_change_is_told_and_signs_other_devices_out(self, own, browse, owner, mailoutbox):
        other = browse(owner)
        assert self.change(own).status_code == 302
        owner.refresh_from_db()
        assert owner.check_password(FRESH)
        assert own.get("/accounts/email/").status_code == 200
        assert other.get("/accounts/email/").status_code == 302
        work_off()
        assert [m.subject for m in mailoutbox] == ["Your password was changed"]

    def test_the_old_one_has_to_be_right(self, own, owner):
        assert self.change(own, old="wrong one").status_code == 200
        owner.refresh_from_db()
        assert owner.check_password(PASSWORD)

    def test_who_has_none_sets_one(self, browse, owner, mailoutbox):
        owner.set_unusable_password()
        owner.save()
        emails.mark_verified(user=owner)
        client = browse(owner)
        assert client.get("/accounts/password/change/").url == "/accounts/password/set/"
        client.post("/accounts/password/set/", {"password1": FRESH, "password2": FRESH})
        owner.refresh_from_db()
        assert owner.check_password(FRESH)
        work_off()
        assert [m.subject for m in mailoutbox] == ["Your account has a password now"]
