from __future__ import annotations

from django.core.management import call_command


def test_the_page_about_the_api_loads_nothing_from_elsewhere(browse, owner):
    page = browse(owner).get("/api/v1/docs/")
    assert page.status_code == 200
    assert b"https://" not in page.content
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = browse(owner).get("/api/v1/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")


def test_the_document_names_how_to_sign_in_and_has_no_gap(browse, owner):
    document = browse(owner).get("/api/v1/schema/?format=json").json()
    assert set(document["components"]["securitySchemes"]) == {"accessToken", "apiKey", "session"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("responses"), f"{method} {path}"
            assert operation["security"], f"{method} {path}"


def test_every_operation_may_answer_with_a_problem(browse, owner):
    document = browse(owner).get("/api/v1/schema/?format=json").json()
    answers = [o["responses"] for m in document["paths"].values() for o in m.values()]
    assert all("4XX" in responses for responses in answers)
    assert "code" in document["components"]["schemas"]["Problem"]["required"]


def test_writing_the_document_warns_of_nothing(tmp_path):
    options = {"urlconf": "config.urls_workspace", "api_version": "v1", "fail_on_warn": True}
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"), **options)
    assert (tmp_path / "openapi.yaml").stat().st_size > 10_000


def test_the_document_names_the_cookie_this_installation_sets(browse, settings):
    settings.SESSION_COOKIE_NAME = "__Host-session"
    document = browse(None).get("/api/v1/schema/?format=json").json()
    assert document["components"]["securitySchemes"]["session"]["name"] == "__Host-session"


class TestPublicSite:
    """An engineer reads it before signing up."""

    def test_the_reference_loads_nothing_from_elsewhere(self, browse):
        page = browse(None, tenant=None).get("/docs/api/")
        assert page.status_code == 200
        assert b"https://" not in page.content
        assert b"<script>" not in page.content
        assert "script-src 'self'" in page["Content-Security-Policy"]

    def test_its_script_asks_no_other_server_for_a_logo(self, browse):
        script = browse(None, tenant=None).get("/docs/api/?script=")
        assert script["Content-Type"].startswith("text/javascript")
        assert b"redocly logo" in script.content
        assert b"cdn.redoc" not in script.content

    def test_the_document_is_the_workspaces_with_any_workspace_as_its_server(self, browse):
        public = browse(None, tenant=None).get("/docs/api/openapi/?format=json").json()
        own = browse(None).get("/api/v1/schema/?format=json").json()
        assert public["paths"] == own["paths"]
        assert "{workspace}" in public["servers"][0]["url"]

    def test_the_quick_start_names_what_there_is(self, browse):
        page = browse(None, tenant=None).get("/docs/api/start/")
        assert page.status_code == 200
        assert "/api/v1" in page.content.decode()

    def test_workspaces_have_the_reference_too(self, browse):
        page = browse(None).get("/api/v1/redoc/")
        assert b'spec-url="/api/v1/schema/?format=json"' in page.content


def test_the_document_says_what_an_operation_costs(browse, owner):
    paths = browse(owner).get("/api/v1/schema/?format=json").json()["paths"]
    assert paths["/api/v1/releases/"]["get"]["x-request-cost"] == 1
    assert paths["/api/v1/releases/"]["post"]["x-request-cost"] == 10


def test_lists_are_pages_not_bare_arrays(browse, owner):
    """What the framework takes for a list although it answers one object shows as an array here."""
    schema = browse(owner).get("/api/v1/schema/?format=json").json()
    bare = {
        way["get"]["operationId"]
        for way in schema["paths"].values()
        if "get" in way
        for kind in way["get"]["responses"]["200"].get("content", {}).values()
        if kind["schema"].get("type") == "array"
    }
    assert bare == {"webhooks_event_types_list"}
