from __future__ import annotations

import pytest


def introspect(http, key):
    return http.post("/api-keys/v1/introspect", json={"apiKey": key})


def test_introspection_tells_scopes_owner_and_state(http, experience):
    grants = introspect(http, experience.api_key).json()
    assert (grants["enabled"], grants["expired"]) == (True, False)
    assert isinstance(grants["authorizedUserId"], int)
    assert {
        "name": "universe-places",
        "operations": ["write"],
        "universeIds": [str(experience.universe_id)],
    } in grants["scopes"]


@pytest.mark.parametrize(
    ("verb", "field", "value"), [("disable", "enabled", False), ("expire", "expired", True)]
)
def test_introspection_tells_why_a_key_no_longer_works(
    http, publish, sandbox, experience, verb, field, value
):
    sandbox.change_key(experience.api_key, verb)
    assert introspect(http, experience.api_key).json()[field] is value
    assert publish().status_code == 401


def test_a_revoked_key_is_unknown(http, publish, sandbox, experience):
    sandbox.revoke_key(experience.api_key)
    assert introspect(http, experience.api_key).status_code == 401
    assert publish().json() == {"errors": [{"code": 0, "message": "Invalid API Key"}]}


def test_a_moderated_user_is_refused(http, sandbox, experience):
    sandbox.change_key(experience.api_key, "moderate")
    assert introspect(http, experience.api_key).status_code == 403


def test_no_key_and_an_unknown_key_are_refused(publish):
    assert publish(key="").json()["errors"][0]["message"] == "Missing API Key"
    assert publish(key="wrong").json()["errors"][0]["message"] == "Invalid API Key"


def test_a_missing_scope_is_refused_by_name(publish, sandbox, experience):
    key = sandbox.create_experience(scopes=["asset:read"]).api_key
    answer = publish(key=key)
    assert (answer.status_code, answer.json()["error"]) == (403, "PERMISSION_DENIED")
    assert "universe-places:write" in answer.json()["message"]


def test_a_scope_restricted_to_another_universe_does_not_help(publish, sandbox, experience):
    key = sandbox.create_experience(universe_ids=[1]).api_key
    assert publish(key=key).status_code == 403


def test_introspecting_nothing_answers_in_the_rfc_9110_form(http):
    answer = http.post("/api-keys/v1/introspect", json={})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["ApiKey"])


def test_only_a_hash_of_the_key_is_kept(sandbox, experience):
    assert experience.api_key not in str(sandbox.state()["keys"])
    assert sandbox.state()["keys"][0]["prefix"] == experience.api_key[:12]
