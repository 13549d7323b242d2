"""`/api/v1/workspace/sso/`: what an owner does on the page, for programs."""

from __future__ import annotations

import json

import pytest

from apps.sso.models import Connection
from tests.factories.gateway import make_key
from tests.factories.sso import set_up
from tests.fixtures.oidc import CLIENT_ID, CLIENT_SECRET
from tests.fixtures.problems import places

URL = "/api/v1/workspace/sso/"


@pytest.fixture
def wish(issuer):
    return {
        "name": "Alpha account", "issuer": issuer.url, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "email_domains": ["Alpha.example"], "joins": True,
        "default_role": "student",
    }  # fmt: skip


def call(client, method, path="", data=None, **headers):
    body = json.dumps(data) if data is not None else ""
    return client.generic(
        method, f"{URL}{path}", data=body, content_type="application/json", headers=headers
    )


def test_from_nothing_to_required_and_back(browse, owner, alpha, wish):
    api = browse(owner)
    assert call(api, "GET").json()["code"] == "sso_not_set_up"
    made = call(api, "PUT", data=wish)
    shown = made.json()
    assert (made.status_code, shown["email_domains"]) == (201, ["alpha.example"])
    assert shown["redirect_uris"] == [f"{alpha.url}/accounts/sso/callback/"]
    assert CLIENT_SECRET not in made.content.decode()
    untried = call(api, "PATCH", data={"required": True}, **{"If-Match": made["ETag"]})
    assert (untried.status_code, places(untried)) == (422, ["#/required"])
    trial = call(api, "POST", "test/").json()
    assert (trial["works"], len(trial["checks"])) == (True, 3)
    etag = call(api, "GET")["ETag"]
    required = call(api, "PATCH", data={"required": True, "name": "A"}, **{"If-Match": etag})
    assert (required.json()["required"], required.json()["name"]) == (True, "A")
    assert call(api, "DELETE").status_code == 204
    assert not Connection.objects.exists()


def test_all_or_nothing_and_the_secret_stays(browse, owner, alpha, issuer):
    set_up(alpha, issuer, by=owner)
    api = browse(owner)
    refused = call(api, "PATCH", data={"name": "Other", "required": True}, **{"If-Match": "*"})
    assert refused.status_code == 422
    assert Connection.objects.get().name == "Alpha account"
    call(api, "PATCH", data={"name": "Other"}, **{"If-Match": "*"})
    assert (Connection.objects.get().name, Connection.objects.get().client_secret) == (
        "Other", CLIENT_SECRET,
    )  # fmt: skip


def test_everything_wrong_is_said_at_once(browse, owner, wish):
    wrong = {**wish, "joins": "perhaps", "default_role": "owner", "secret": "x"}
    answer = call(browse(owner), "PUT", data=wrong)
    assert answer.status_code == 422
    assert set(places(answer)) == {"#/joins", "#/default_role", "#/secret"}
    answer = call(browse(owner), "PUT", data={**wish, "issuer": "login", "email_domains": []})
    assert set(places(answer)) == {"#/issuer", "#/email_domains"}


def test_somebody_was_faster(browse, owner, alpha, issuer):
    set_up(alpha, issuer, by=owner)
    api = browse(owner)
    assert call(api, "PATCH", data={"name": "A"}).json()["code"] == "precondition_required"
    etag = call(api, "GET")["ETag"]
    assert call(api, "PATCH", data={"name": "A"}, **{"If-Match": etag}).status_code == 200
    assert call(api, "PATCH", data={"name": "B"}, **{"If-Match": etag}).status_code == 412
    assert call(api, "PUT", data={"name": "B"}, **{"If-Match": etag}).status_code == 422


def test_owners_alone_and_lately_signed_in(browse, owner, admin, outsider, alpha, issuer):
    set_up(alpha, issuer, by=owner)
    key = browse()
    _, secret = make_key(alpha, scopes=["webhooks.view"])
    key.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    deeds = [("GET", "", None), ("PUT", "", {}), ("DELETE", "", None), ("POST", "test/", None)]
    for method, path, data in deeds:
        for caller in (browse(admin), browse(outsider), key):
            assert call(caller, method, path, data).status_code == 403
        assert call(browse(None), method, path, data).status_code == 401
    late = call(browse(owner, ago=3600), "DELETE")
    assert (late.status_code, late.json()["code"]) == (403, "step_up_required")
    assert Connection.objects.exists()


def test_reading_takes_few_queries(browse, owner, alpha, issuer, django_assert_max_num_queries):
    set_up(alpha, issuer, by=owner)
    api = browse(owner)
    call(api, "GET")
    with django_assert_max_num_queries(8):
        call(api, "GET")
