from __future__ import annotations

import pytest


@pytest.fixture
def call(http, experience):
    def send(method, path, key=experience.api_key, **options):
        url = f"/cloud/v2/universes/{experience.universe_id}{path}"
        return http.request(method, url, headers={"x-api-key": key}, **options)

    return send


def test_a_place_and_its_universe_can_be_read(call, experience):
    assert call("GET", "").json()["path"] == f"universes/{experience.universe_id}"
    place = call("GET", f"/places/{experience.production_place_id}").json()
    assert place["root"] is True
    assert place["updateTime"].endswith("Z")


def test_a_publish_moves_the_update_time(call, publish, experience):
    path = f"/places/{experience.staging_place_id}"
    before = call("GET", path).json()["updateTime"]
    publish()
    assert call("GET", path).json()["updateTime"] > before


@pytest.mark.parametrize(
    "body",
    [
        {"placeIds": [1]},
        {"placeIds": "all"},
        {"closeAllVersions": "yes"},
        {"bleedOffServers": True, "bleedOffDurationMinutes": 61},
        [],
    ],
)
def test_a_senseless_restart_is_refused_in_the_v2_form(call, body):
    answer = call("POST", ":restartServers", json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_ARGUMENT"
    assert answer.json()["details"] == []


@pytest.mark.parametrize(
    "body", [{"topic": "x" * 81, "message": "m"}, {"topic": "t", "message": "é" * 513}, {}]
)
def test_a_message_too_long_is_refused(call, body):
    assert call("POST", ":publishMessage", json=body).status_code == 400


def test_the_limit_counts_per_owner_and_says_so(call, sandbox, experience):
    owner = sandbox.state()["experiences"][0]["owner_id"]
    second = sandbox.create_key(owner_id=owner)
    answers = [call("POST", ":restartServers", json={}, key=key) for key in [second] * 15]
    answers += [call("POST", ":restartServers", json={}) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    headers = answers[-1].headers
    assert headers["x-ratelimit-limit"] == "30, 30;w=60"
    assert headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(headers["retry-after"]) <= 60


def test_an_unknown_place_is_404_in_the_v2_form(call):
    assert call("GET", "/places/5").json()["code"] == "NOT_FOUND"
