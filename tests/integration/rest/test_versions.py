"""Older versions of the API go on by one small declared change each."""

from __future__ import annotations

import pytest

from tests.fixtures.problems import kinds
from tests.integration.rest.second_version import urls

JSON = "application/json"
V1 = {"slug": "volcano-lab", "name": "Volcano lab", "universe_id": 77}
V2 = {"slug": "volcano-lab", "title": "Volcano lab", "universe_id": 77}
V3 = {"slug": "volcano-lab", "title": "Volcano lab", "universe": {"id": 77}}


@pytest.fixture(autouse=True)
def three_versions(settings):
    settings.ROOT_URLCONF = urls.__name__
    settings.API_VERSIONS = ["v1", "v2", "v3"]
    settings.API_DEPRECATED_VERSIONS = {"v1": urls.FIRST}


@pytest.fixture
def client(browse, owner, in_alpha):
    return browse(owner)


def url(version, path=""):
    return f"/api/{version}/experiences/{path}"


def body(shape):
    return {name: value for name, value in shape.items() if name != "slug"}


@pytest.mark.parametrize(("version", "shape"), [("v1", V1), ("v2", V2), ("v3", V3)])
def test_each_version_is_spoken_both_ways(client, version, shape):
    made = client.post(url(version), body(shape), content_type=JSON)
    assert (made.status_code, made.json()) == (201, shape)
    for other, expected in (("v1", V1), ("v2", V2), ("v3", V3)):
        assert client.get(url(other, "volcano-lab/")).json() == expected
        assert client.get(url(other)).json()["results"] == [expected]


def test_errors_speak_the_callers_version(client):
    answer = client.post(url("v1"), {"title": "x", "universe_id": "7"}, content_type=JSON)
    assert kinds(answer) == {
        "#/title": "unknown_field",
        "#/name": "required",
        "#/universe_id": "wrong_type",
    }
    nested = client.post(url("v3"), {"title": "x", "universe": {"id": 0}}, content_type=JSON)
    assert kinds(nested) == {"#/universe/id": "min_value"}


def test_fields_are_those_of_the_version(client):
    client.post(url("v3"), body(V3), content_type=JSON)
    assert client.get(url("v1", "volcano-lab/?fields=name")).json() == {"name": "Volcano lab"}
    assert client.get(url("v2", "?fields=title")).json()["results"] == [{"title": "Volcano lab"}]
    assert client.get(url("v1", "?fields=title")).status_code == 422


def test_a_resource_is_the_same_in_every_version(client):
    client.post(url("v3"), body(V3), content_type=JSON)
    tags = {client.get(url(version, "volcano-lab/"))["ETag"] for version in ("v1", "v2", "v3")}
    assert len(tags) == 1


def test_a_version_that_ends_says_so(client):
    answer = client.post(url("v1"), body(V1), content_type=JSON)
    assert answer["Deprecation"] == "@1793491200"
    assert answer["Sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
    assert answer["Link"] == '<https://example.org/docs/v2/>; rel="deprecation"; type="text/html"'
    assert not client.get(url("v3", "volcano-lab/")).has_header("Deprecation")


def test_so_does_an_address_and_a_field(client):
    listed = client.get(url("v3"))
    assert (listed["Deprecation"], listed.has_header("Sunset")) == ("@1793577600", False)
    plain = client.post(url("v3"), body(V3), content_type=JSON)
    assert not plain.has_header("Deprecation")
    wish = {"title": "Other", "universe": {"id": 78}, "nickname": "x"}
    assert client.post(url("v3"), wish, content_type=JSON)["Deprecation"] == "@1793577600"


def test_an_unknown_version_is_a_problem(client):
    assert client.get(url("v9")).status_code == 404


@pytest.mark.parametrize(
    ("version", "answer", "request_shape"),
    [
        ("v1", {"slug", "name", "universe_id"}, {"name", "universe_id"}),
        ("v2", {"slug", "title", "universe_id"}, {"title", "universe_id"}),
        ("v3", {"slug", "title", "universe"}, {"title", "universe", "nickname"}),
    ],
)
def test_each_version_has_its_document(client, version, answer, request_shape):
    document = client.get(f"/api/{version}/schema/?format=json").json()
    schemas = document["components"]["schemas"]
    one = document["paths"][f"/api/{version}/experiences/{{slug}}/"]["get"]
    many = document["paths"][f"/api/{version}/experiences/"]

    def properties(content):
        ref = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return schemas[ref]["properties"]

    assert properties(one["responses"]["200"]["content"]).keys() == answer
    sent = properties(many["post"]["requestBody"]["content"])
    assert sent.keys() == request_shape
    assert one.get("deprecated", False) == (version == "v1")
    assert many["get"]["deprecated"] is True
    assert sent.get("nickname", {}).get("deprecated", version != "v3") is True
