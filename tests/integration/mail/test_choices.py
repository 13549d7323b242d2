from __future__ import annotations

import re

import pytest

from apps.mail.models import OptOut, Suppression

PAGE = "/accounts/mail/"


def link(mail) -> str:
    return re.sub(r"^<https?://[^/]+|>$", "", mail.extra_headers["List-Unsubscribe"])


@pytest.fixture
def nobody(browse):
    return browse(None, tenant=None)


class TestOneClick:
    def test_a_mail_program_unsubscribes_with_one_post(self, write, nobody, mailoutbox):
        write(sent=True)
        (mail,) = mailoutbox
        assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        nobody.handler.enforce_csrf_checks = True
        answer = nobody.post(link(mail), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert write(sent=True).state == "suppressed"

    def test_looking_at_the_link_changes_nothing(self, write, nobody, mailoutbox):
        write(sent=True)
        assert "mail about releases" in nobody.get(link(mailoutbox[0])).content.decode()
        assert not OptOut.objects.exists()

    def test_the_link_stands_in_the_mail(self, write):
        message = write()
        assert "/mail/unsubscribe/" in message.text
        assert "/mail/unsubscribe/" in message.html

    def test_a_changed_link_is_none(self, write, nobody, mailoutbox):
        write(sent=True)
        assert nobody.post(link(mailoutbox[0])[:-2] + "x/").status_code == 404
        assert not OptOut.objects.exists()

    def test_what_always_comes_has_none(self, write, mailoutbox):
        message = write("mail/welcome", sent=True)
        assert "List-Unsubscribe" not in mailoutbox[0].extra_headers
        assert "unsubscribe" not in message.text

    def test_it_leaves_the_broadcasts_of_the_workspace(self, write, nobody, mailoutbox):
        write("mail/trial_ending", sent=True)
        nobody.post(link(mailoutbox[0]))
        found = Suppression.objects.get()
        assert (found.stream, found.reason, found.schema_name) == (
            "broadcast", "unsubscribe", "w_alpha",
        )  # fmt: skip


class TestPage:
    def test_strangers_sign_in_first(self, nobody):
        assert nobody.get(PAGE).status_code == 302

    def test_it_shows_what_is_wanted(self, browse, owner):
        page = browse(owner).get(PAGE).content.decode()
        assert page.count("checked") == 5

    def test_what_is_not_ticked_comes_no_more(self, browse, owner, write):
        browse(owner).post(PAGE, {"wanted": ["usage", "news"]})
        assert write(sent=True).state == "suppressed"
        assert browse(owner).get(PAGE).content.decode().count("checked") == 2

    def test_choosing_again_brings_it_back(self, browse, owner, write, nobody, mailoutbox):
        write("mail/trial_ending", sent=True)
        nobody.post(link(mailoutbox[0]))
        browse(owner).post(PAGE, {"wanted": ["news", "releases"]})
        assert write("mail/trial_ending", sent=True).state == "sent"
