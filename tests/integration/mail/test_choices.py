from __future__ import annotations

import re

import pytest
import time_machine

from apps.accounts.services import emails
from apps.mail.models import OptOut, Suppression
from apps.mail.services import choices, messages
from tests.factories.jobs import work_off

PAGE = "/accounts/mail/"


def travel(moment):
    return time_machine.travel(moment, tick=False)


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

    def test_the_link_says_that_it_was_done_and_undoes_it(self, write, nobody, mailoutbox):
        write("mail/trial_ending", sent=True)
        address = link(mailoutbox[0])
        nobody.post(address)
        assert "You are unsubscribed" in nobody.get(address).content.decode()
        assert "You get it again" in nobody.post(address, {"again": "1"}).content.decode()
        assert write("mail/trial_ending", sent=True).state == "sent"

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
        browse(owner).post(PAGE, {"wanted": ["usage", "news"], "time_zone": "UTC"})
        assert write(sent=True).state == "suppressed"
        assert browse(owner).get(PAGE).content.decode().count("checked") == 2

    def test_choosing_again_brings_it_back(self, browse, owner, write, nobody, mailoutbox):
        write("mail/trial_ending", sent=True)
        nobody.post(link(mailoutbox[0]))
        browse(owner).post(PAGE, {"wanted": ["news", "releases"], "time_zone": "UTC"})
        assert write("mail/trial_ending", sent=True).state == "sent"

    def test_quiet_hours_need_both_ends(self, browse, owner):
        answer = browse(owner).post(PAGE, {"time_zone": "UTC", "quiet_from": "22:00"})
        assert answer.status_code == 422
        assert not OptOut.objects.exists()


class TestWaiting:
    @pytest.fixture
    def wish(self, browse, owner):
        def say(**about):
            form = {"wanted": list(choices.OPTIONAL), "time_zone": "Europe/Berlin", **about}
            assert browse(owner).post(PAGE, form).status_code == 302

        return say

    def test_mails_come_in_the_language_of_the_person(self, wish, write):
        wish(language="es")
        assert write("mail/welcome").subject == "Lincoln School está listo"

    def test_what_can_wait_comes_after_the_quiet_hours(self, wish, write, mailoutbox):
        with travel("2026-07-10T21:00:00Z"):  # 23:00 in Berlin
            wish(quiet_from="22:00", quiet_until="06:30")
            assert write("mail/welcome", sent=True).state == "sent"
            assert write(sent=True).state == "held"
            assert messages.release() == 0
        with travel("2026-07-11T04:31:00Z"):
            assert messages.release() == 1
            work_off()
        assert len(mailoutbox) == 2

    @pytest.mark.parametrize(("digest", "day"), [("daily", "2026-07-11"), ("weekly", "2026-07-13")])
    def test_a_digest_comes_in_the_morning(self, wish, write, mailoutbox, digest, day):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest=digest)
            first, second = write(), write("mail/limit_near")
        with travel(f"{day}T05:29:00Z"):
            assert messages.release() == 0
        with travel(f"{day}T05:31:00Z"):
            assert messages.release() == 2
            work_off()
        (mail,) = mailoutbox
        assert mail.subject == "What happened: 2 notices"
        assert first.subject in mail.body
        assert "/settings/usage/" in mail.body
        second.refresh_from_db()
        assert (second.state, second.text) == ("sent", "")

    def test_a_digest_does_not_come_in_quiet_hours_and_speaks_its_mails_language(
        self, wish, write, mailoutbox
    ):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest="daily", quiet_from="22:00", quiet_until="08:00")
            write(language="de")
        with travel("2026-07-11T05:59:00Z"):
            assert messages.release() == 0
        with travel("2026-07-11T06:01:00Z"):
            assert messages.release() == 1
            work_off()
        assert mailoutbox[0].subject == "Was geschah: 1 Mitteilung"

    def test_what_waits_does_so_as_it_is_wished_now(self, wish, write, mailoutbox):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest="weekly")
            message = write()
            wish(digest="daily")
            message.refresh_from_db()
            assert message.held_until.isoformat() == "2026-07-11T05:30:00+00:00"
            wish()
            assert messages.release() == 1
            work_off()
        assert [mail.subject for mail in mailoutbox] == [message.subject]

    def test_what_was_chosen_and_what_waits_goes_along_to_another_address(
        self, wish, write, owner, mailoutbox
    ):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest="daily", wanted=["releases"])
            write()
            emails.replace(user=owner, email="olivia@elsewhere.example")
            assert choices.declined(owner.email) == set(choices.OPTIONAL) - {"releases"}
        with travel("2026-07-11T06:00:00Z"):
            messages.release()
            work_off()
        assert [mail.to for mail in mailoutbox] == [[owner.email]]

    def test_a_digest_is_whole_however_many_are_due(self, wish, write, mailoutbox):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest="daily")
            for _ in range(3):
                write()
        with travel("2026-07-11T06:00:00Z"):
            messages.release(limit=2)
            work_off()
        assert [mail.subject for mail in mailoutbox] == ["What happened: 3 notices"]

    def test_moments_are_the_persons_own(self, wish, write):
        wish(time_zone="America/New_York")
        assert "05:30 EDT" in write("mail/backup_restored").text

    def test_what_is_declined_meanwhile_is_not_in_the_digest(self, wish, write, mailoutbox):
        with travel("2026-07-10T12:00:00Z"):
            wish(digest="daily")
            message = write()
            wish(digest="daily", wanted=["usage"])
        with travel("2026-07-11T06:00:00Z"):
            messages.release()
            work_off()
        message.refresh_from_db()
        assert (message.state, mailoutbox) == ("suppressed", [])
