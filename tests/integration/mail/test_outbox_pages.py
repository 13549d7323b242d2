from __future__ import annotations

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.mail import outbox

SCRIPT = "<script>alert(1)</script><p>Hello <a href='https://example.com/x'>link</a></p>"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MAIL_OUTBOX_DIR = tmp_path
    settings.MAIL_HAS_OUTBOX = True
    return tmp_path


@pytest.fixture
def visitor(browse):
    return browse(None, tenant=None)


@pytest.fixture
def name():
    mail = EmailMultiAlternatives("Hello", "Go to https://example.com/x", to=["to@example.com"])
    mail.attach_alternative(SCRIPT, "text/html")
    get_connection("apps.mail.outbox.OutboxBackend").send_messages([mail])
    return outbox.names()[0]


def test_an_empty_outbox_says_so(visitor):
    assert "No mail yet" in visitor.get("/outbox/").content.decode()


def test_it_lists_what_there_is(visitor, name):
    page = visitor.get("/outbox/").content.decode()
    assert f"/outbox/{name}/" in page
    assert "to@example.com" in page


def test_links_in_the_text_work(visitor, name):
    page = visitor.get(f"/outbox/{name}/").content.decode()
    assert '<a href="https://example.com/x"' in page


def test_the_page_itself_shows_no_html_of_the_mail(visitor, name):
    page = visitor.get(f"/outbox/{name}/").content.decode()
    assert "<script>alert" not in page
    assert f'src="/outbox/{name}/html/"' in page
    assert "allow-scripts" not in page


def test_the_frame_runs_no_script(visitor, name):
    policy = visitor.get(f"/outbox/{name}/html/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy


def test_only_our_own_page_frames_it(visitor, name):
    answer = visitor.get(f"/outbox/{name}/html/")
    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_the_raw_message_is_text(visitor, name):
    answer = visitor.get(f"/outbox/{name}/raw/")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("part", ["", "html/", "raw/"])
def test_what_is_not_there_is_not_found(visitor, db, part):
    missing = "20260101T000000000000-00000000"
    assert visitor.get(f"/outbox/{missing}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "x/", "x/html/", "x/raw/"])
def test_it_is_closed_where_mail_is_really_sent(visitor, settings, part):
    settings.MAIL_HAS_OUTBOX = False
    assert (
        visitor.get(f"/outbox/{part.replace('x', '20260101T000000000000-00000000')}").status_code
        == 404
    )


def test_it_is_closed_in_production(visitor, settings, name):
    settings.TOOLBOXAI_ENV = "production"
    assert visitor.get(f"/outbox/{name}/").status_code == 404


def test_it_does_not_stand_on_a_workspaces_host(browse, owner, name):
    assert browse(owner).get("/outbox/").status_code == 404


def test_a_long_outbox_has_pages(visitor):
    for _ in range(30):
        outbox.write(b"Subject: x\r\n\r\nx")
    assert len(visitor.get("/outbox/").context["messages_list"]) == 25
    assert len(visitor.get("/outbox/?page=2").context["messages_list"]) == 5
