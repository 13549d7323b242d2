from __future__ import annotations

import hashlib

import httpx
import pytest

from tests.integration.sandbox.conftest import BINARY_PLACE, XML_PLACE


def test_versions_count_up_for_each_place(publish, experience):
    assert publish().json() == {"versionNumber": 1}
    assert publish().json() == {"versionNumber": 2}
    assert publish(place_id=experience.production_place_id).json() == {"versionNumber": 1}


def test_the_published_file_is_what_the_place_holds(sandbox, publish, experience, http):
    publish(XML_PLACE, content_type="application/xml")
    live = sandbox.place(experience.staging_place_id)["live"]
    assert live["sha256"] == hashlib.sha256(XML_PLACE).hexdigest()
    assert http.get(f"/_sandbox/files/{live['sha256']}").content == XML_PLACE


def test_a_saved_version_is_not_live(sandbox, publish, experience):
    publish()
    assert publish(version_type="Saved").json() == {"versionNumber": 2}
    assert sandbox.place(experience.staging_place_id)["live"]["number"] == 1


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"PK\x03\x04 not a place", "application/octet-stream"),
        (b"", "application/octet-stream"),
        (XML_PLACE, "application/octet-stream"),
        (BINARY_PLACE, "application/xml"),
        (BINARY_PLACE, "text/plain"),
    ],
)
def test_wrong_content_is_refused(publish, content, content_type):
    answer = publish(content, content_type=content_type)
    assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_ARGUMENT")


def test_a_file_over_100_mb_is_refused(publish, sandbox, experience):
    def endless():
        for _ in range(101):
            yield bytes(1024 * 1024)

    assert publish(endless()).status_code == 413
    assert sandbox.place(experience.staging_place_id)["versions"] == []


def test_a_place_of_another_universe_conflicts(publish, sandbox):
    other = sandbox.create_experience()
    answer = publish(place_id=other.staging_place_id)
    assert answer.status_code == 409
    assert "not part of universe" in answer.json()["message"]


def test_an_open_team_create_session_conflicts(publish, sandbox, experience):
    sandbox.team_create(experience.staging_place_id)
    assert "Team Create" in publish().json()["message"]
    sandbox.team_create(experience.staging_place_id, opened=False)
    assert publish().status_code == 200


def test_what_does_not_exist_is_404(publish):
    assert publish(place_id=1).status_code == 404
    assert publish(universe_id=1, key="x").status_code == 401


@pytest.mark.parametrize(
    "field", [{"universe_id": "x"}, {"place_id": "0"}, {"version_type": "Beta"}]
)
def test_malformed_values_answer_in_the_rfc_9110_form(publish, field):
    answer = publish(**field)
    assert answer.status_code == 400
    assert answer.json()["status"] == 400
    assert all(answer.json()["errors"].values())


def test_another_users_universe_is_forbidden(publish, sandbox):
    stranger = sandbox.create_experience(universe_ids=["*"])
    assert publish(key=stranger.api_key).status_code == 403


def test_requests_appear_in_the_log_without_the_key(publish, sandbox, experience):
    publish()
    [seen] = sandbox.requests()
    assert (seen["method"], seen["status"]) == ("POST", 200)
    assert seen["key_prefix"] == experience.api_key[:12]
    assert experience.api_key not in str(sandbox.state())


def test_unknown_paths_answer_in_the_gateways_form(http: httpx.Client):
    answer = http.get("/marketplace/v9/nothing")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 0)
