"""Every error of a request at once, each with its place and a stable code."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.tenants.permissions import SCOPES
from tests.factories.gateway import make_key
from tests.fixtures.problems import kinds, places

JSON = "application/json"
ENVIRONMENT = "/api/v1/experiences/volcano-lab/environments/staging/"


@pytest.fixture
def client(alpha):
    _, secret = make_key(alpha, scopes=list(SCOPES))
    return Client(SERVER_NAME=alpha.host, headers={"authorization": f"Bearer {secret}"})


def post(client, path, body, **headers):
    return client.post(f"/api/v1/{path}", body, content_type=JSON, headers=headers)


def test_the_document_is_as_rfc_9457_has_it(client):
    answer = post(client, "experiences/", {"name": 7, "nam": "x"})
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (422, "invalid")
    assert problem["type"].endswith("/docs/problems/invalid/")
    assert problem["instance"] == "/api/v1/experiences/"
    assert {"pointer", "code", "detail"} == problem["errors"][0].keys()
    assert kinds(answer) == {
        "#/name": "wrong_type",
        "#/nam": "unknown_field",
        "#/universe_id": "required",
    }


def test_body_query_and_headers_are_told_together(client):
    answer = post(
        client, "experiences/?a=1&b=2", {}, **{"Idempotency-Key": "x" * 300, "If-Match": "x"}
    )
    assert set(places(answer)) >= {"a", "b", "If-Match", "#/name", "#/universe_id"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "x", "universe_id": "12"}, {"#/universe_id": "wrong_type"}),
        ({"name": "x", "universe_id": True}, {"#/universe_id": "wrong_type"}),
        ({"name": "x", "universe_id": 1.0}, {"#/universe_id": "wrong_type"}),
        ({"name": "x", "universe_id": 0}, {"#/universe_id": "min_value"}),
        ({"name": "x", "universe_id": None}, {"#/universe_id": "null"}),
        ({"name": ["x"], "universe_id": 1}, {"#/name": "wrong_type"}),
        ({"name": " ", "universe_id": 1}, {"#/name": "blank"}),
        ({"name": "x" * 101, "universe_id": 1}, {"#/name": "max_length"}),
        ([], {"#": "invalid"}),
        ("x", {"#": "invalid"}),
        (7, {"#": "invalid"}),
    ],
)
def test_wrong_types_and_values(client, body, expected):
    import json

    answer = post(client, "experiences/", json.dumps(body))
    assert (answer.status_code, kinds(answer)) == (422, expected)


def test_a_number_beyond_the_column_is_the_callers_mistake(client, in_alpha):
    answer = post(client, "experiences/", {"name": "x", "universe_id": 10**30})
    assert answer.status_code == 422


def test_null_is_no_object(client):
    assert post(client, "experiences/", "null").status_code == 422


def test_forms_are_held_to_the_same(client):
    body = "name=x&universe_id=12&universe_id=13&nmae=y"
    answer = client.post(
        "/api/v1/experiences/", body, content_type="application/x-www-form-urlencoded"
    )
    assert kinds(answer) == {"#/universe_id": "duplicate_member", "#/nmae": "unknown_field"}


def test_an_upload_too(client):
    file = SimpleUploadedFile("x.rbxl", b"x")
    answer = client.post("/api/v1/releases/", {"file": file, "fiel": file, "version": "1.0.0"})
    assert kinds(answer) == {"#/fiel": "unknown_field", "#/experience": "required"}


def test_what_takes_no_body_takes_none(client, alpha):
    own = alpha.domains.get(kind="own")
    answer = post(client, f"workspace/domains/{own.pk}/main/", {"force": True})
    assert kinds(answer) == {"#/force": "unknown_field"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "parse_error"),
        ('{"name": NaN}', 400, "parse_error"),
        ('{"a": 1, "a": 2}', 422, "invalid"),
        ("[" * 99 + "]" * 99, 422, "invalid"),
        ('"' + "x" * 1024 * 1024 + '"', 413, "body_too_large"),
    ],
)
def test_hostile_json(client, body, status, code):
    answer = post(client, "experiences/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_form_of_too_many_fields(client):
    body = "&".join(f"f{n}=1" for n in range(1001))
    answer = client.post(
        "/api/v1/experiences/", body, content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize(
    ("query", "place", "code"),
    [
        ("colour=red", "colour", "unknown_parameter"),
        ("state=flying", "state", "invalid_choice"),
        ("state=ready&state=blocked", "state", "duplicate_member"),
        ("version=a%00b", "version", "unstorable_characters"),
        ("page_size=0", "page_size", "invalid"),
        ("page_size=201", "page_size", "invalid"),
        ("page_size=x", "page_size", "invalid"),
        ("page_size=99999999999999999999", "page_size", "invalid"),
        ("cursor=x", "cursor", "invalid"),
        ("cursor=cD1ub3RoaW5n", "cursor", "invalid"),
        ("ordering=colour", "ordering", "invalid_choice"),
        ("fields=id,colour", "fields", "unknown_field"),
        ("fields=artifact.colour", "fields", "unknown_field"),
        ("fields=id.x", "fields", "unknown_field"),
        ("fields=", "fields", "unknown_field"),
    ],
)
def test_query_parameters_mean_something_or_are_refused(client, in_alpha, query, place, code):
    answer = client.get(f"/api/v1/releases/?{query}")
    assert (answer.status_code, kinds(answer)) == (422, {place: code})


def test_one_resource_takes_no_parameters_of_a_list(client, alpha):
    own = alpha.domains.get(kind="own")
    answer = client.get(f"/api/v1/workspace/domains/{own.pk}/?page_size=3&cursor=x")
    assert kinds(answer) == {"page_size": "unknown_parameter", "cursor": "unknown_parameter"}


@pytest.mark.parametrize("query", ["by=week", "from=yesterday", "by=day&to=2026-13-01", "until=x"])
def test_a_views_own_parameters_too(client, query):
    answer = client.get(f"/api/v1/usage/?{query}")
    assert (answer.status_code, len(places(answer))) == (422, 1)


@pytest.mark.parametrize("path", ["experiences/a%00b/", "releases/%00/", "workspace/domains/1%00/"])
def test_a_nul_in_the_address_leads_nowhere(client, in_alpha, path):
    assert client.get(f"/api/v1/{path}").status_code == 404
