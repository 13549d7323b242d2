from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

PAGE = "/settings/mail/"


def test_admins_see_what_left_and_what_became_of_it(browse, admin, write):
    message = write(sent=True)
    page = browse(admin).get(PAGE).content.decode()
    assert message.subject in page
    assert "Sent" in page
    assert "2 steps" in page


def test_neighbours_mail_is_not_shown(browse, admin, write):
    write(schema_name="w_beta", to="else@beta.example")
    write("mail/welcome", schema_name="public", to="own@alpha.example")
    page = browse(admin).get(PAGE).content.decode()
    assert "No mail yet" in page


def test_it_is_searched_and_narrowed(browse, admin, write):
    write(to="one@school.example", sent=True)
    write(to="two@school.example")
    client = browse(admin)
    assert "two@school" not in client.get(PAGE, {"q": "one@"}).content.decode()
    assert "one@school" not in client.get(PAGE, {"state": "queued"}).content.decode()
    assert "Nothing matches" in client.get(PAGE, {"q": "nobody\x00"}).content.decode()


def test_others_do_not_see_it(browse, teacher, outsider, write):
    write()
    for person in (teacher, outsider):
        assert browse(person).get(PAGE).status_code == 403
    assert browse(None).get(PAGE).status_code == 302


def test_many_mails_are_as_many_queries(browse, admin, write):
    client = browse(admin)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    write()
    asked()
    few = asked()
    for _ in range(4):
        write(sent=True)
    assert asked() == few
