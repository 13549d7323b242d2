"""What a request costs from its host to its view, once everything about it is known."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import UserSession
from apps.accounts.services import emails, people, sessions
from apps.gateway.services import token_sessions
from apps.tenants.services import memberships
from tests.factories.accounts import PASSWORD
from tests.factories.gateway import make_key

pytestmark = pytest.mark.usefixtures("fresh_limits", "key_memory")
LIST = "/api/v1/releases/"
KNOWN = ("tenants_domain", "tenants_tenant", "gateway_apikey", "accounts_user", "membership",
         "usage_", "session")  # fmt: skip


@pytest.fixture(autouse=True)
def _hosts_are_remembered(settings, key_memory):
    from apps.tenants import directory

    # Longer than the slowest machine takes for two requests.
    settings.HOST_MEMORY_SECONDS = settings.KEY_MEMORY_SECONDS = 60.0
    settings.TOKEN_MEMORY_SECONDS = 60.0
    directory._at_hand.clear()
    token_sessions._at_hand.clear()
    yield
    directory._at_hand.clear()
    token_sessions._at_hand.clear()


@contextmanager
def counted_round_trips(monkeypatch):
    """How often this process waits for Redis."""
    count = [0]
    plain = redis.connection.AbstractConnection.send_packed_command

    def send(*args, **kwargs):
        count[0] += 1
        return plain(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(redis.connection.AbstractConnection, "send_packed_command", send)
        yield count


def cost_of(call, monkeypatch) -> tuple[list[str], int]:
    """The queries and the round trips to Redis of a call that was made before."""
    assert call().status_code == 200
    with CaptureQueriesContext(connection) as queries, counted_round_trips(monkeypatch) as trips:
        assert call().status_code == 200
    return [query["sql"] for query in queries], trips[0]


def test_a_known_key_costs_one_round_trip_and_only_the_views_query(alpha, browse, monkeypatch):
    _, secret = make_key(alpha)
    client, headers = browse(None), {"Authorization": f"Bearer {secret}"}
    queries, trips = cost_of(lambda: client.get(LIST, headers=headers), monkeypatch)
    assert trips == 1
    assert len(queries) == 1
    assert not [sql for sql in queries if any(name in sql for name in KNOWN)]


@pytest.fixture
def token(alpha, browse, teacher):
    """An access token of a teacher, whom nothing is known of yet."""
    emails.mark_verified(user=teacher)
    given = {"email": teacher.email, "password": PASSWORD, "name": "Script"}
    answer = browse(None).post("/api/v1/tokens/", given, content_type="application/json")
    return answer.json()["access_token"]


def test_a_known_token_costs_the_same(browse, token, monkeypatch):
    client, headers = browse(None), {"Authorization": f"Bearer {token}"}
    queries, trips = cost_of(lambda: client.get(LIST, headers=headers), monkeypatch)
    assert trips == 1
    assert len(queries) == 1
    assert not [sql for sql in queries if any(name in sql for name in KNOWN)]


def test_what_a_browsers_session_costs(browse, teacher, monkeypatch):
    """Nothing of a person's session is remembered: docs/ARCHITECTURE.md says why."""
    client = browse(teacher)
    queries, trips = cost_of(lambda: client.get(LIST), monkeypatch)
    assert trips == 1
    asked = [sql.partition(" FROM ")[2].partition(" ")[0].strip('"') for sql in queries]
    assert asked == [
        "django_session", "accounts_user", "tenants_membership", "roblox_release",
    ]  # fmt: skip


def change_password(person, _by):
    person.set_password("another long password")
    person.save()


ENDS = {
    "session": lambda person, by: sessions.end(
        sessions=sessions.of(person), ending=UserSession.Ending.REVOKED, by=by
    ),
    "password": change_password,
    "locked out": lambda person, by: people.set_active(user=person, active=False, by=by),
    "removed": lambda person, by: memberships.remove(membership=person.memberships.get(), by=by),
    "role": lambda person, by: memberships.change_role(
        membership=person.memberships.get(), role="student", by=by
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_browser_is_refused_at_once(browse, teacher, owner, end):
    client = browse(teacher)
    assert client.get(LIST).status_code == 200
    end(teacher, owner)
    assert client.get(LIST).status_code in {401, 403}


def test_what_stands_around_pages_is_not_in_its_way(alpha, browse, monkeypatch, settings):
    """A cookie beside a key is not looked at, and the key alone decides."""
    _, secret = make_key(alpha, scopes=["deployments.view"])
    client = browse(None)
    client.cookies[settings.SESSION_COOKIE_NAME] = "made-up"
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(LIST, headers=headers).status_code == 403
    queries, _ = cost_of(lambda: client.get("/api/v1/deployments/", headers=headers), monkeypatch)
    assert not [sql for sql in queries if "session" in sql]


def test_a_session_beside_a_refused_key_does_not_help(owner, browse):
    client = browse(owner)
    assert client.get(LIST).status_code == 200
    for token in ("tbx_made_up", "x.y"):
        assert client.get(LIST, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_failure_is_a_problem_on_the_short_way_too(alpha, browse, monkeypatch):
    from apps.roblox.api.views import ReleaseViewSet

    _, secret = make_key(alpha)
    monkeypatch.setattr(ReleaseViewSet, "get_queryset", lambda _view: 1 / 0)
    client = browse(None)
    client.raise_request_exception = False
    answer = client.get(LIST, headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_an_answer_says_how_long_it_is(alpha, browse):
    _, secret = make_key(alpha)
    answer = browse(None).get(LIST, headers={"Authorization": f"Bearer {secret}"})
    assert int(answer["Content-Length"]) == len(answer.content)
