from __future__ import annotations

import json

import pytest

XML = b'<roblox version="4"></roblox>'


@pytest.fixture
def call(http, experience):
    def send(method, path, **options):
        return http.request(
            method, f"/assets/v1{path}", headers={"x-api-key": experience.api_key}, **options
        )

    return send


@pytest.fixture
def upload(call, sandbox, experience):
    owner = sandbox.state()["experiences"][0]["owner_id"]

    def send(method="POST", path="/assets", content=XML, content_type="model/x-rbxm", **changes):
        wish = {
            "assetType": "Model",
            "displayName": "Tree",
            "description": "",
            "creationContext": {"creator": {"userId": owner}},
            **changes,
        }
        files = {"request": (None, json.dumps(wish)), "fileContent": ("x", content, content_type)}
        return call(method, path, files=files)

    return send


@pytest.fixture
def asset(upload, call, sandbox):
    sandbox.quirks(operation_polls=0)
    return call("GET", f"/{upload().json()['path']}").json()["response"]


def test_an_upload_is_an_operation_that_ends(upload, call):
    path = upload().json()["path"]
    polled = [call("GET", f"/{path}").json() for _ in range(3)]
    assert [found["done"] for found in polled] == [False, False, True]
    assert polled[-1]["response"]["moderationResult"] == {"moderationState": "Approved"}


def test_an_update_makes_a_new_version(asset, upload, call):
    path = f"/assets/{asset['assetId']}"
    upload("PATCH", f"{path}?updateMask=displayName", displayName="Oak")
    assert call("GET", path).json()["displayName"] == "Oak"
    listed = call("GET", f"{path}/versions").json()
    assert [version["path"][-1] for version in listed] == ["2", "1"]


def test_an_old_version_comes_back_as_the_newest(asset, upload, call):
    path = f"assets/{asset['assetId']}"
    upload("PATCH", f"/{path}", content=XML + b" ")
    files = {"assetVersion": (None, f"{path}/versions/1")}
    assert call("POST", f"/{path}/versions:rollback", files=files).json()["path"][-1] == "3"
    assert call("GET", f"/{path}/versions/3").status_code == 200
    assert call("GET", f"/{path}/versions/9").status_code == 404


def test_rolling_a_place_back_saves_and_does_not_publish(call, publish, sandbox, experience):
    publish()
    publish(b"<roblox!\x89\xff\r\n\x1a\n" + bytes(99))
    path = f"assets/{experience.staging_place_id}"
    answer = call(
        "POST", f"/{path}/versions:rollback", files={"assetVersion": (None, f"{path}/versions/1")}
    )
    assert answer.json()["published"] is False
    place = sandbox.place(experience.staging_place_id)
    assert (place["versions"][0]["number"], place["live"]["number"]) == (3, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"assetType": "Wish"},
        {"displayName": ""},
        {"description": "x" * 1001},
        {"creationContext": {}},
        {"content": b"nothing"},
        {"content_type": "text/html"},
        {"content": XML + bytes(20 * 1024 * 1024)},
    ],
)
def test_a_senseless_upload_is_refused_with_a_numeric_code(upload, changes):
    answer = upload(**changes)
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


def test_only_the_content_of_models_can_change(upload, call, sandbox):
    sandbox.quirks(operation_polls=0)
    png = {"assetType": "Image", "content": b"\x89PNG\r\n\x1a\n", "content_type": "image/png"}
    made = call("GET", f"/{upload(**png).json()['path']}").json()["response"]
    answer = upload("PATCH", f"/assets/{made['assetId']}", **png)
    assert "Only the content of a Model" in answer.json()["message"]


def test_assets_of_others_are_theirs(call, sandbox, upload):
    stranger = sandbox.create_experience()
    answer = call("GET", f"/assets/{stranger.staging_place_id}/versions")
    assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")
    other_creator = {"creationContext": {"creator": {"userId": 5}}}
    assert upload(**other_creator).status_code == 403


@pytest.mark.parametrize("query", ["maxPageSize=51", "maxPageSize=x", "pageToken=x"])
def test_a_senseless_page_is_refused(call, experience, query):
    answer = call("GET", f"/assets/{experience.staging_place_id}/versions?{query}")
    assert answer.status_code == 400


def test_what_is_no_multipart_is_refused(call):
    assert call("POST", "/assets", json={}).status_code == 400
