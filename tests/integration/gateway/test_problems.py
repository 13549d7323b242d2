from __future__ import annotations

from django.test import Client

from apps.gateway import catalogue


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
