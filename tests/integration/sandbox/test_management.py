from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("keys/revoke", {"api_key": "unknown"}, 404),
        ("keys/99/revoke", {}, 404),
        ("keys/99/polish", {}, 404),
        ("places/99/team-create", {}, 404),
        ("quirks", {"gravity": "low"}, 422),
        ("quirks", {"moderation": "Maybe"}, 422),
        ("experiences", {"scopes": ["everything"]}, 422),
        ("experiences", {"expires_at": "tomorrow"}, 422),
        ("experiences", [], 422),
    ],
)
def test_a_senseless_wish_is_explained(sandbox, path, body, status):
    with pytest.raises(httpx.HTTPStatusError) as refused:
        sandbox.call("POST", path, body)
    assert refused.value.response.status_code == status
    assert refused.value.response.json()["message"]
    assert sandbox.state()["experiences"] == []


def test_a_key_can_be_told_by_its_id(sandbox):
    made = sandbox.call("POST", "keys", {"name": "CI"})
    changed = sandbox.call("POST", f"keys/{made['key_id']}/disable", {})
    assert changed["status"] == "disabled"
    assert sandbox.call("POST", "keys/enable", {"key_id": made["key_id"]})["status"] == "active"


def test_ids_are_not_given_out_twice(sandbox):
    first = sandbox.create_experience()
    sandbox.reset()
    second = sandbox.create_experience()
    assert second.universe_id != first.universe_id
    assert second.production_place_id != first.production_place_id


def test_each_experience_has_an_owner_of_its_own_unless_told(sandbox):
    sandbox.create_experience()
    sandbox.create_experience()
    sandbox.create_experience(owner_id=7)
    owners = [found["owner_id"] for found in sandbox.state()["experiences"]]
    assert owners[0] == 7
    assert len(set(owners)) == 3


def test_an_unknown_file_is_404(http):
    assert http.get("/_sandbox/files/abc").status_code == 404
    assert http.get("/_sandbox/files/..%2Fsandbox.sqlite3").status_code == 404


def test_a_wrong_method_answers_in_the_services_form(http):
    answer = http.get("/universes/v1/1/places/2/versions")
    assert (answer.status_code, answer.json()["error"]) == (405, "NOT_IMPLEMENTED")
