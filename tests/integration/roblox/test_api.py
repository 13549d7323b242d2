from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.gateway.services import api_keys
from apps.jobs.models import JobRun
from apps.jobs.task import run_now
from apps.roblox.models import Deployment, Release
from apps.roblox.services import releases
from tests.factories.roblox import carry_out, make_experience, make_release, place_file
from tests.fixtures.problems import places

ALL = ["experiences.view", "releases.view", "deployments.view"]


@pytest.fixture
def lab(roblox, in_alpha, owner):
    return make_experience(roblox, owner)


@pytest.fixture
def program(alpha, owner):
    """An API client with a key of every scope a program may have."""
    from apps.tenants.permissions import SCOPES

    return client_with(alpha, owner, SCOPES)


def client_with(tenant, by, scopes) -> Client:
    _, secret = api_keys.create(tenant=tenant, name="CI", scopes=scopes, by=by)
    return Client(SERVER_NAME=tenant.host, headers={"authorization": f"Bearer {secret}"})


def upload(program, version="1.0.0", content=None, **fields):
    file = SimpleUploadedFile("lab.rbxlx", content or place_file())
    return program.post(
        "/api/v1/releases/",
        {"experience": "volcano-lab", "version": version, "file": file, **fields},
    )


def post(program, path, body):
    return program.post(f"/api/v1/{path}", body, content_type="application/json")


def scan(release_id):
    run_now(JobRun.objects.get(name="roblox.scan_release", arguments__release_id=str(release_id)))


def finish(answer):
    return carry_out(Deployment.objects.get(pk=answer.json()["id"]))


def test_the_whole_way_over_the_api(lab, program):
    for version in ("1.0.0", "1.1.0"):
        created = upload(program, version, place_file(note=version))
        assert created.status_code == 201, created.content
        scan(created.json()["id"])
        choice = {"experience": "volcano-lab", "version": version}
        assert finish(post(program, "deployments/", choice)).state == "succeeded"
        assert finish(post(program, "deployments/promote/", choice)).state == "succeeded"
    rollback = post(program, "deployments/rollback/", {"experience": "volcano-lab"})
    assert rollback.status_code == 202
    assert finish(rollback).release.version == "1.0.0"
    shown = program.get("/api/v1/experiences/volcano-lab/").json()
    assert {e["kind"]: e["live_release"] for e in shown["environments"]} == {
        "staging": "1.1.0",
        "production": "1.0.0",
    }


def test_forms_are_taken_as_json_is(lab, program, owner):
    make_release(lab, "1.0.0", owner)
    choice = "experience=volcano-lab&version=1.0.0"
    form = "application/x-www-form-urlencoded"
    assert program.post("/api/v1/deployments/", choice, content_type=form).status_code == 202


def test_a_release_names_its_findings(lab, program):
    made = upload(program, content=place_file("require(1234567890)"))
    scan(made.json()["id"])
    shown = program.get(f"/api/v1/releases/{made.json()['id']}/").json()
    assert shown["state"] == "blocked"
    assert shown["findings"][0]["severity"] == "critical"
    assert shown["findings"][0]["path"] == "ServerScriptService.Main"


def test_a_truncated_file_is_a_problem_that_says_where(lab, program):
    answer = upload(program, content=place_file()[:-20])
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in {"truncated", "malformed"}
    assert not Release.objects.exists()


def test_a_file_larger_than_roblox_takes_is_refused(lab, program, monkeypatch):
    monkeypatch.setattr(releases, "LARGEST_PLACE", len(place_file()) - 1)
    (error,) = upload(program).json()["errors"]
    assert error["pointer"] == "#/file"
    assert "100 MB" in error["detail"]


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0.0", "", "01.0.0", "1\u0663.0.0"])
def test_a_version_must_be_semantic(lab, program, version):
    answer = upload(program, version)
    assert answer.status_code == 422
    assert places(answer) == ["#/version"]


def test_a_version_is_used_once(lab, program):
    upload(program)
    assert upload(program).json()["code"] == "version_taken"


def test_the_artifact_comes_back_byte_for_byte(lab, program):
    made = upload(program).json()
    answer = program.get(f"/api/v1/releases/{made['id']}/artifact/")
    assert answer.content == place_file()
    assert "attachment" in answer["Content-Disposition"]


def test_no_key_no_entry(lab, alpha):
    answer = Client(SERVER_NAME=alpha.host).get("/api/v1/releases/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_scope_that_is_missing_is_refused(lab, alpha, owner):
    reader = client_with(alpha, owner, ALL)
    assert reader.get("/api/v1/releases/").status_code == 200
    assert upload(reader).status_code == 403


PATHS = [
    ("get", "experiences/"),
    ("post", "experiences/"),
    ("get", "experiences/volcano-lab/"),
    ("patch", "experiences/volcano-lab/"),
    ("put", "experiences/volcano-lab/environments/staging/"),
    ("get", "releases/"),
    ("post", "releases/"),
    ("get", "releases/{release}/"),
    ("post", "releases/{release}/withdraw/"),
    ("get", "releases/{release}/artifact/"),
    ("get", "deployments/"),
    ("post", "deployments/"),
    ("get", "deployments/{release}/"),
    ("post", "deployments/promote/"),
    ("post", "deployments/rollback/"),
]


def test_an_outsiders_key_and_session_open_nothing(
    lab, owner, outsider, alpha, beta, browse, subtests
):
    release = make_release(lab, "1.0.0", owner)
    with_key, with_session = client_with(beta, outsider, ALL), browse(outsider)
    with_key.defaults["SERVER_NAME"] = alpha.host
    for method, path in PATHS:
        address = "/api/v1/" + path.format(release=release.pk)
        with subtests.test(f"{method} {path}"):
            assert getattr(with_key, method)(address).status_code == 401
            assert getattr(with_session, method)(address).status_code == 403


def test_a_key_of_alpha_sees_nothing_of_beta(lab, alpha, beta, program):
    program.defaults["SERVER_NAME"] = beta.host
    assert program.get("/api/v1/experiences/").status_code == 401


def test_lists_ask_as_much_for_ten_as_for_one(
    lab, owner, program, django_assert_num_queries, roblox, subtests
):
    lists = [f"/api/v1/{name}/" for name in ("experiences", "releases", "deployments")]
    _fill(lab, owner, 1)
    few = {path: _count_queries(program, path) for path in lists}
    _fill(lab, owner, 6)
    for n in range(4):
        make_experience(roblox, owner, name=f"Other {n}")
    for path in lists:
        program.get(path)  # what is remembered for a while may have run out meanwhile
        with subtests.test(path), django_assert_num_queries(few[path]):
            assert len(program.get(path).json()["results"]) >= 5


def _count_queries(program, path):
    program.get(path)
    with CaptureQueriesContext(connection) as queries:
        program.get(path)
    return len(queries)  # at once: the next request empties the log that it counts from


def _fill(lab, owner, count):
    from apps.roblox.services import deployments

    start = lab.releases.count()
    for n in range(start, start + count):
        release = make_release(lab, f"1.{n}.0", owner)
        carry_out(deployments.stage(release=release, by=owner))


def test_lists_are_walked_by_cursor(lab, owner, program):
    for n in range(3):
        make_release(lab, f"1.{n}.0", owner)
    first = program.get("/api/v1/releases/?page_size=2").json()
    second = program.get(first["next"]).json()
    versions = [r["version"] for r in first["results"] + second["results"]]
    assert versions == ["1.2.0", "1.1.0", "1.0.0"]


def test_the_openapi_document_describes_every_path(lab, program):
    document = program.get("/api/v1/schema/?format=json").json()
    for path in ("releases", "deployments", "deployments/promote", "experiences/{slug}"):
        assert f"/api/v1/{path}/" in document["paths"]
