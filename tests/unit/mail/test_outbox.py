from __future__ import annotations

import stat

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.mail import outbox


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAIL_OUTBOX_DIR = tmp_path / "outbox"
    return settings.MAIL_OUTBOX_DIR


def post(subject="Hello", text="Go to https://example.com/x", html="<p>Go</p>"):
    mail = EmailMultiAlternatives(subject, text, "from@example.com", ["to@example.com"])
    mail.attach_alternative(html, "text/html")
    return get_connection("apps.mail.outbox.OutboxBackend").send_messages([mail])


def test_a_mail_is_kept_as_a_file(folder):
    assert post() == 1
    assert [path.suffix for path in folder.iterdir()] == [".eml"]


def test_only_its_owner_reads_the_folder(folder):
    post()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_newest_comes_first():
    post("first")
    post("second")
    assert [outbox.read(name).subject for name in outbox.names()] == ["second", "first"]


def test_a_mail_is_read_in_its_parts():
    post("Grüße", "Täxt", "<b>Täxt</b>")
    letter = outbox.read(outbox.names()[0])
    assert (letter.subject, letter.to) == ("Grüße", "to@example.com")
    assert (letter.text.strip(), letter.html.strip()) == ("Täxt", "<b>Täxt</b>")


def test_a_mail_knows_when_it_was_written():
    post()
    assert outbox.read(outbox.names()[0]).sent_at.tzinfo is not None


def test_a_half_written_mail_does_not_show(folder):
    post()
    (folder / ".20260101T000000000000-00000000.part").write_bytes(b"half")
    assert len(outbox.names()) == 1


@pytest.mark.parametrize("name", ["../env", "..", "20260101T000000000000-0000000g", "x" * 30])
def test_a_name_never_leads_out_of_the_folder(name):
    assert outbox.read(name) is None


def test_an_empty_outbox_has_no_names():
    assert outbox.names() == []
