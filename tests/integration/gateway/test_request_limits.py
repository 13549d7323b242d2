"""Limits as a client of the API sees them."""

from __future__ import annotations

import re

import pytest

from apps.gateway import key_format, refusals, throttling
from apps.usage.services import limits
from tests.factories.gateway import make_key

pytestmark = pytest.mark.usefixtures("fresh_limits")
LIST = "/api/v1/releases/"


@pytest.fixture
def caller(alpha, browse):
    _, secret = make_key(alpha)
    client = browse(None)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.fixture
def rates(monkeypatch):
    """`rates(key=2)`: less than the plan's."""
    from apps.gateway import admission

    def lower(**fewer: int) -> None:
        plain = {"key": 120, "person": 240, "workspace": 600}
        monkeypatch.setattr(admission, "rates_of", lambda _tenant: {**plain, **fewer})

    return lower


def test_every_answer_says_what_is_left(caller):
    caller.get(LIST)
    answer = caller.get(LIST)
    assert answer["X-Request-Cost"] == "1"
    policies = '"key";q=120;w=60, "workspace";q=600;w=60, "address";q=3000;w=60'
    assert answer["RateLimit-Policy"] == policies
    assert re.fullmatch(
        r'"key";r=118;t=\d+, "workspace";r=598;t=\d+, "address";r=2998;t=\d+', answer["RateLimit"]
    )


def test_beyond_the_keys_limit_it_says_when_to_come_again(caller, rates):
    rates(key=2)
    assert [caller.get(LIST).status_code for _ in range(3)] == [200, 200, 429]
    refused = caller.get(LIST)
    problem = refused.json()
    assert refused["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["violated-policies"]) == ("throttled", ["key"])
    assert problem["type"].endswith("/throttled/")
    assert 0 < int(refused["Retry-After"]) <= 61
    assert f"Try again in {refused['Retry-After']} seconds." in problem["detail"]
    assert '"key";r=0;' in refused["RateLimit"]


def test_two_keys_share_the_workspaces_limit(alpha, browse, rates):
    rates(workspace=3)
    codes = []
    for _ in range(2):
        _, secret = make_key(alpha)
        for _ in range(2):
            answer = browse(None).get(LIST, headers={"Authorization": f"Bearer {secret}"})
            codes.append(answer.status_code)
    assert codes == [200, 200, 200, 429]
    assert answer.json()["violated-policies"] == ["workspace"]


def test_a_neighbour_is_not_held_up(caller, rates, beta, browse):
    rates(workspace=1)
    assert [caller.get(LIST).status_code for _ in range(2)] == [200, 429]
    _, secret = make_key(beta)
    there = browse(None, tenant=beta)
    assert there.get(LIST, headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_people_have_a_limit_of_their_own(owner, browse, rates):
    rates(person=1)
    person = browse(owner)
    assert [person.get(LIST).status_code for _ in range(2)] == [200, 429]
    assert person.get(LIST).json()["violated-policies"] == ["person"]


def test_what_costs_more_says_so_and_counts_more(caller, monkeypatch, rates):
    from apps.roblox.api.views import ReleaseViewSet

    rates(key=10)
    monkeypatch.setattr(ReleaseViewSet, "request_costs", {"list": 7}, raising=False)
    assert caller.get(LIST)["X-Request-Cost"] == "7"
    assert caller.get(LIST).status_code == 429


def test_what_is_refused_for_want_of_a_scope_costs_nothing(alpha, browse, rates):
    rates(key=1)
    _, secret = make_key(alpha, scopes=["deployments.view"])
    client = browse(None)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    assert [client.get(LIST).status_code for _ in range(3)] == [403] * 3
    assert client.get("/api/v1/deployments/").status_code == 200


def test_guessing_comes_to_an_end_but_not_for_who_has_a_key(
    caller, browse, monkeypatch, key_memory, django_assert_num_queries
):
    monkeypatch.setattr(refusals, "QUOTA", 3)
    assert caller.get(LIST).status_code == 200
    guesser = browse(None)
    codes = []
    for _ in range(5):
        guess = {"Authorization": f"Bearer {key_format.generate('live')}"}
        codes.append(guesser.get(LIST, headers=guess).status_code)
    assert codes == [401, 401, 401, 429, 429]
    guesser.get("/healthz")
    with django_assert_num_queries(0):
        refused = guesser.get(LIST, headers=guess)
    assert int(refused["Retry-After"]) > 0
    assert refused.json()["violated-policies"] == ["refused"]
    assert caller.get(LIST).status_code == 200


def test_who_sends_nothing_is_counted_by_address(browse, monkeypatch, alpha):
    monkeypatch.setattr(refusals, "QUOTA", 2)
    guest = browse(None)
    assert [guest.get(LIST).status_code for _ in range(3)] == [401, 401, 429]
    elsewhere = {"REMOTE_ADDR": "203.0.113.5"}
    assert guest.get(LIST, **elsewhere).status_code == 401


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_redis_who_has_a_key_goes_on(caller, settings, method):
    """The policy: what a usable key may do is let in uncounted, reads and writes alike."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = getattr(caller, method)(LIST)
    assert answer.status_code == {"get": 200, "post": 403}[method]
    assert "RateLimit" not in answer.headers


def test_refusals_are_counted_under_few_names(caller, rates):
    from apps.core import metrics

    rates(key=0)
    caller.get(LIST)
    shown = metrics.render().decode()
    assert 'toolboxai_api_refused_total{reason="key"}' in shown
    reasons = set(re.findall(r'api_refused_total\{reason="(\w+)"', shown))
    assert reasons <= {*throttling.WORDS, "not_authenticated"}


def test_calls_of_the_month_are_counted_by_the_same_script(caller, alpha):
    for _ in range(3):
        caller.get(LIST)
    assert limits.state("api_calls_month", tenant=alpha).used == 3
