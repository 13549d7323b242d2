"""Where people are signed in: listed, ended, limited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import UserSession
from apps.accounts.services import emails, people, sessions
from apps.accounts.session_models import describe
from apps.audit.models import AuditEntry
from apps.core.errors import Invalid
from apps.tenants import directory
from apps.tenants.services import configuration
from tests.factories.accounts import PASSWORD
from tests.factories.jobs import work_off

LIST = "/accounts/sessions/"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)


def is_in(client, path="/members/"):
    return client.get(path).status_code == 200


def test_a_sign_in_is_listed_and_marked_as_this_one(browse, owner):
    page = browse(owner).get(LIST).content.decode()
    assert "This one" in page
    assert "Alpha" in page


def test_the_public_host_lists_all_of_them(browse, owner):
    browse(owner)
    page = browse(owner, tenant=None).get(LIST).content.decode()
    assert "Browser · Alpha" in page
    assert "Browser · Public site" in page


def test_nobody_sees_or_ends_anothers(browse, owner, outsider, beta):
    browse(owner)
    theirs = UserSession.objects.get(user=owner)
    client = browse(outsider, tenant=beta)
    assert client.post(f"{LIST}{theirs.pk}/end/").status_code == 404
    assert client.get(LIST).content.decode().count("This one") == 1
    assert UserSession.objects.live().filter(pk=theirs.pk).exists()


def test_one_that_is_ended_is_out_at_once(browse, owner, alpha):
    here, there = browse(owner), browse(owner)
    other = UserSession.objects.get(pk=there.session[sessions.STATE]["id"])
    here.post(f"{LIST}{other.pk}/end/")
    assert not is_in(there)
    assert is_in(here)
    entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.schema_name, entry.actor_label) == (alpha.schema_name, owner.email)


def test_all_others_end_and_this_one_stays(browse, owner):
    here, there, public = browse(owner), browse(owner), browse(owner, tenant=None)
    here.post(f"{LIST}others/end/")
    assert is_in(here)
    assert not is_in(there)
    assert not is_in(public, "/workspaces/")


def test_signing_out_takes_it_off_the_list(browse, owner):
    client = browse(owner)
    client.post("/accounts/logout/")
    assert UserSession.objects.get().ending == UserSession.Ending.SIGNED_OUT


def test_a_new_password_ends_the_others_and_keeps_this_one(browse, owner):
    here, there = browse(owner), browse(owner)
    new = {
        "oldpassword": PASSWORD,
        "password1": "a new long password",
        "password2": "a new long password",
    }
    assert here.post("/accounts/password/change/", new).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert [s.pk for s in sessions.of(owner)] == [sessions.UUID(here.session[sessions.STATE]["id"])]
    assert "This one" in here.get(LIST).content.decode()


def test_a_lock_out_ends_all(browse, owner, admin):
    client = browse(owner)
    people.set_active(user=owner, active=False, by=admin)
    assert not is_in(client)
    assert UserSession.objects.get(user=owner).ending == UserSession.Ending.DEACTIVATED


@pytest.mark.parametrize(
    ("steps", "days", "stays"), [(1, 13, True), (1, 15, False), (7, 9, False), (6, 9, True)]
)
def test_it_ends_unused_and_ends_at_last(browse, owner, steps, days, stays):
    with time_machine.travel(NOW, tick=False) as clock:
        client = browse(owner)
        assert is_in(client)
        for _ in range(steps):
            clock.shift(timedelta(days=days))
            client.get("/members/")
        assert is_in(client) is stays
    assert bool(UserSession.objects.get().ending) is not stays


def test_use_is_noted_once_a_minute(browse, owner):
    with time_machine.travel(NOW, tick=False) as clock:
        client = browse(owner)
        for seconds in (30, 20, 20):
            clock.shift(seconds)
            client.get("/members/")
        noted = UserSession.objects.get().last_used_at
    assert noted == NOW + timedelta(seconds=70)


def test_a_session_older_than_the_list_joins_it(browse, owner):
    client = browse(owner)
    session = client.session
    del session[sessions.STATE]
    session.save()
    UserSession.objects.all().delete()
    client.get("/members/")
    assert UserSession.objects.get().user == owner


def test_a_device_that_was_never_used_is_told(browse, owner, mailoutbox):
    sign_in = {"login": owner.email, "password": PASSWORD}

    emails.mark_verified(user=owner)
    for agent in (CHROME, CHROME, FIREFOX):
        browse().post("/accounts/login/", sign_in, HTTP_USER_AGENT=agent)
    work_off()
    assert [mail.subject for mail in mailoutbox] == ["A new device signed in to your account"]
    assert "Firefox on Linux" in mailoutbox[0].body


def test_what_is_long_over_is_forgotten(browse, owner):
    browse(owner)
    assert sessions.forget() == 0
    with time_machine.travel(datetime.now(UTC) + settings.SESSION_HISTORY + timedelta(days=1)):
        assert sessions.forget() == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (FIREFOX, "Firefox on Linux"),
        ("curl/8.5.0", "curl"),
        ("nightly-upload/2.1", "nightly-upload"),
        ("", "Unknown device"),
    ],
)
def test_devices_in_words(agent, words):
    assert describe(agent) == words


def test_the_list_costs_the_same_however_long(browse, owner, django_assert_max_num_queries):
    client = browse(owner)
    client.get(LIST)
    for _ in range(5):
        browse(owner, tenant=None)
    with django_assert_max_num_queries(8):
        client.get(LIST)


def test_a_workspace_may_want_less(browse, owner, alpha):
    configuration.change(tenant=alpha, by=owner, session_idle_minutes=30, session_hours=2)
    with time_machine.travel(NOW, tick=False) as clock:
        public, unused, used = browse(owner, tenant=None), browse(owner), browse(owner)
        for _ in range(4):
            clock.shift(timedelta(minutes=29))
            assert is_in(used)
        assert not is_in(unused)
        clock.shift(timedelta(minutes=5))
        assert not is_in(used)
        assert is_in(public, "/workspaces/"), "elsewhere it has no say"
    cache.delete(directory._key(alpha.host))


@pytest.mark.parametrize("asked", [{"session_idle_minutes": 4}, {"session_hours": 10**6}])
def test_it_cannot_want_more_than_the_installation_or_nothing_at_all(alpha, owner, asked):
    with pytest.raises(Invalid):
        configuration.change(tenant=alpha, by=owner, **asked)


def test_a_programs_session_is_limited_too(owner, alpha):
    emails.mark_verified(user=owner)
    program = Client(SERVER_NAME=alpha.host)
    sent = {"email": owner.email, "password": PASSWORD}

    def is_known(token):
        headers = {"X-Session-Token": token}
        answer = program.get("/_allauth/app/v1/auth/session", headers=headers)
        return answer.status_code == 200

    with time_machine.travel(NOW, tick=False) as clock:
        answer = program.post("/_allauth/app/v1/auth/login", sent, content_type="application/json")
        assert answer.status_code == 200, answer.json()
        token = answer.json()["meta"]["session_token"]
        assert is_known(token)
        for _ in range(2):
            clock.shift(timedelta(days=13))
            assert is_known(token)
        assert UserSession.objects.get().last_used_at == NOW + timedelta(days=26)
        clock.shift(timedelta(days=15))
        assert not is_known(token)
