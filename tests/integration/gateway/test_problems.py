from __future__ import annotations

import pytest
from django.test import Client

from apps.core import views
from apps.gateway import catalogue
from apps.roblox.api.views import ReleaseViewSet


def test_a_problems_type_leads_to_its_explanation(browse, alpha):
    problem = browse(None).get("/api/v1/releases/").json()
    path, _, anchor = problem["type"].partition("#")
    page = Client(SERVER_NAME="localhost").get(path)
    assert page.status_code == 200
    assert f'id="{anchor}"' in page.content.decode()
    assert anchor == problem["code"] == "not_authenticated"


def test_every_code_is_explained_once_with_its_status(db):
    codes = [entry.code for entry in catalogue.entries()]
    assert codes == sorted(set(codes))
    assert {"version_taken", "truncated", "roblox_rate_limited", "throttled"} <= set(codes)
    assert all(400 <= entry.status < 600 and entry.title for entry in catalogue.entries())


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
