from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import AuditEntry
from apps.mail.catalogue import LANGUAGES, MAILS, find
from apps.mail.models import Message
from apps.mail.services import previews, suppressions

GALLERY = "/operator/mail/message/gallery/"
WELCOME = f"{GALLERY}mail.welcome/"


def test_it_shows_every_mail_and_that_nothing_is_missing(console):
    page = console.get(GALLERY).content.decode()
    assert all(f"{GALLERY}{mail.slug}/" in page for mail in MAILS.values())
    assert page.count("there, in each language") == len(MAILS)


def test_what_is_missing_is_said(monkeypatch):
    mail = find("mail/welcome")
    fewer = {path: value for path, value in mail.sample.items() if path != "tenant.url"}
    broken = type(mail)(mail.name, mail.title, mail.category, fewer)
    assert len(previews.problems(broken)) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("language=de&shape=text", "Lincoln School ist bereit"),
        ("language=es&shape=text", "está listo"),
        ("shape=phone", 'width="390"'),
        ("language=nonsense&message=nonsense", 'width="100%"'),
    ],
)
def test_a_mail_is_shown_as_chosen(console, query, shown):
    assert shown in console.get(f"{WELCOME}?{query}").content.decode()


def test_light_and_dark_do_not_depend_on_the_browser(console):
    light, dark = (
        console.get(f"{WELCOME}html/?mode={mode}").content.decode() for mode in ("light", "dark")
    )
    assert "@media not all" in light
    assert "@media all" in dark
    assert "prefers-color-scheme" not in light + dark


def test_the_frame_runs_and_loads_nothing(console):
    answer = console.get(f"{WELCOME}html/")
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_real_context_is_shown_without_secrets_and_stands_in_the_audit(console, write):
    message = write("mail/invitation", sent=True)
    Message.objects.update(context=message.kind.encode(dict(message.values, by="Real Person")))
    page = console.get(f"{GALLERY}mail.invitation/?shape=text&message={message.pk}")
    assert "Real Person" in page.content.decode()
    assert "/invitations/x/" not in page.content.decode().partition("Declared variables")[0]
    looks = AuditEntry.objects.filter(action="mail.context_seen")
    assert looks.count() == 1
    query = {"message": message.pk}
    console.get(f"{GALLERY}mail.invitation/", query)
    assert "Real Person" in console.get(f"{GALLERY}mail.invitation/html/", query).content.decode()
    assert looks.count() == 2


def test_an_operator_sends_one_to_themselves(console, mailoutbox):
    from tests.factories.jobs import work_off

    console.post(f"{WELCOME}send/", {"language": "de"})
    work_off()
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["olga@toolboxai.example"], "Lincoln School ist bereit")


def test_an_unknown_mail_is_not_found(console):
    assert console.get(f"{GALLERY}mail.nonsense/").status_code == 404


def test_it_is_for_operators(browse, owner):
    assert browse(owner, tenant=None).get(GALLERY).status_code == 302


@pytest.mark.parametrize("page", ["/operator/mail/message/", "/operator/mail/suppression/"])
def test_lists_ask_the_database_as_often_for_many(console, write, page):
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert console.get(page).status_code == 200
        return len(queries)

    def fill(number):
        for each in range(number):
            message = write(to=f"reader{number}-{each}@school.example")
            suppressions.suppress(message=message, reason="bounce")

    fill(1)
    asked()
    few = asked()
    fill(5)
    assert asked() == few
