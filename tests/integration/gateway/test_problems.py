from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.core import views
from apps.gateway import catalogue
from apps.roblox.api.views import ReleaseViewSet


def test_a_problems_type_leads_to_its_explanation(browse, alpha):
    problem = browse(None).get("/api/v1/releases/").json()
    address = urlsplit(problem["type"])
    assert address.path == f"/docs/problems/{problem['code']}/"
    page = Client(SERVER_NAME="localhost").get(address.path).content.decode()
    for part in (problem["code"], problem["title"], "What to do", "401 Unauthorized", "not_auth"):
        assert part in page


def test_every_code_is_there_once_with_its_status(db):
    codes = [entry.code for entry in catalogue.entries()]
    assert codes == sorted(set(codes))
    assert {"version_taken", "truncated", "roblox_rate_limited", "throttled"} <= set(codes)
    assert all(400 <= entry.status < 600 and entry.title for entry in catalogue.entries())


def test_every_code_is_explained():
    """A new code needs a meaning and a remedy in apps/gateway/words/problems.toml."""
    codes = {entry.code for entry in catalogue.entries()}
    explained = {
        code for code, told in catalogue.words().items() if told.keys() >= {"meaning", "remedy"}
    }
    assert codes - explained == set()
    assert explained - codes - {"error"} == set()


def test_every_page_of_a_code_can_be_read(browse):
    visitor = Client(SERVER_NAME="localhost")
    assert visitor.get("/docs/problems/no_such_code/").status_code == 404
    page = visitor.get("/docs/problems/invalid/").content.decode()
    assert all(f'id="{code}"' in page for code in catalogue.input_errors())


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("idempotency", "idempotency_key_reused"),
        ("412", "precondition_failed"),
        ("STAGING first", "not_on_staging"),
    ],
)
def test_codes_are_found(q, found):
    page = Client(SERVER_NAME="localhost").get("/docs/problems/", {"q": q}).content.decode()
    assert f'id="{found}"' in page
    assert 'id="slug_taken"' not in page


def test_what_matches_nothing_says_so():
    page = Client(SERVER_NAME="localhost").get("/docs/problems/", {"q": "<b>zzz"}).content.decode()
    assert "Nothing matches" in page
    assert "<b>zzz" not in page


@pytest.mark.parametrize("path", ["v1/nothing/", "v2/releases/", "v1/deployments"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_that_leads_nowhere_is_a_problem(browse, owner, method, path):
    answer = getattr(browse(owner), method)(f"/api/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer["Content-Type"] == "application/problem+json"


def test_a_method_nothing_answers_to_is_not_a_matter_of_permission(browse, owner):
    answer = browse(owner).delete("/api/v1/releases/")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")


def test_our_own_failure_is_a_problem_too(browse, owner, monkeypatch):
    monkeypatch.setattr(ReleaseViewSet, "get_queryset", lambda _view: 1 / 0)
    client = browse(owner)
    client.raise_request_exception = False
    answer = client.get("/api/v1/releases/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "division" not in answer.content.decode()


def test_a_page_that_fails_stays_a_page(browse, owner, monkeypatch):
    monkeypatch.setattr(views, "JsonResponse", lambda _body: 1 / 0)
    client = browse(owner)
    client.raise_request_exception = False
    answer = client.get("/healthz")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
